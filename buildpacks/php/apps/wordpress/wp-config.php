<?php
/**
 * Made by the hosting platform, because the repository has no wp-config.php: the database and the address come from the environment.
 * Commit a wp-config.php of your own to replace it.
 */
define('DB_NAME', (string) getenv('DB_NAME'));
define('DB_USER', (string) getenv('DB_USER'));
define('DB_PASSWORD', (string) getenv('DB_PASSWORD'));
define('DB_HOST', getenv('DB_HOST') ?: 'localhost');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');

// Secret, and the same as long as the password of the database is: everybody logs in again after it was changed.
foreach (['AUTH_KEY', 'SECURE_AUTH_KEY', 'LOGGED_IN_KEY', 'NONCE_KEY', 'AUTH_SALT', 'SECURE_AUTH_SALT', 'LOGGED_IN_SALT', 'NONCE_SALT'] as $name) {
    define($name, getenv($name) ?: hash_hmac('sha256', $name, DB_NAME . DB_PASSWORD));
}

// A release never changes: new versions, plugins and themes come with a push.
define('DISALLOW_FILE_MODS', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
// What is due is done at a visit, after its answer: a site does not reach itself by its public name, as WordPress would else try.
define('ALTERNATE_WP_CRON', true);
define('WP_DEBUG', (bool) getenv('WP_DEBUG'));
define('WP_DEBUG_DISPLAY', false);

$table_prefix = getenv('WP_TABLE_PREFIX') ?: 'wp_';

if (!defined('ABSPATH')) {
    define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
