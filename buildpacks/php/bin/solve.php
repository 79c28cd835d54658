<?php
// Which of the PHP versions on offer a constraint of composer.json means: the last that fits, by Composer's own library.
require 'Composer/Semver/autoload.php';

[, $env] = $argv;
$constraint = file_get_contents("$env/HOSTING_PHP_CONSTRAINT");
$answer = 'none';
try {
    foreach (explode(' ', file_get_contents("$env/HOSTING_PHP_OFFERED")) as $version) {
        // The patch level is Debian's: the latest there is.
        if (Composer\Semver\Semver::satisfies("$version.99", $constraint)) {
            $answer = $version;
        }
    }
} catch (UnexpectedValueException $error) {
    $answer = 'invalid';
}
echo "hosting: php $answer\n";
