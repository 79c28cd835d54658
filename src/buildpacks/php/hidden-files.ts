// What neither server may hand out, wherever it lies: files that begin with a dot, sources of programs, the platform's and Composer's files.
// Regular expressions in the syntax that nginx, Apache and JavaScript share, on decoded paths.

/** Also copies that editors leave (config.php~, config.php.bak) and includes of old sites, which would be shown as text. */
export const hiddenAnywhere = [
  '/\\.(?!well-known/)',
  '\\.(?:php[0-9]?|phtml|phar|inc)(?:[~#]|\\.(?:bak|old|orig|save|sw[op]|dist|txt|tmp))$',
  '\\.(?:phar|phps|inc|twig|tpl\\.php|engine|install|module|theme)$',
] as const

/** At the document root, when that is the root of the repository. */
export const hiddenAtRoot = [
  '^/(?:hosting\\.toml|Procfile|app\\.json|composer\\.(?:json|lock|phar)|package(?:-lock)?\\.json|artisan|phpunit\\.xml(?:\\.dist)?)$',
  '^/(?:node_modules|tests?)/.*\\.php$',
  '^/vendor/(?!.*\\.(?:css|m?js|map|png|jpe?g|gif|webp|avif|svg|ico|woff2?|ttf|otf|eot)$)',
] as const
