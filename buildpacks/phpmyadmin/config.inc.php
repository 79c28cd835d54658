<?php
// phpMyAdmin for one database: who may come here the platform has asked already, what is open here the account decides.
declare(strict_types=1);

$environment = static fn (string $name): string => (string) getenv($name);
$database = $environment('DB_NAME');

$cfg['Servers'][1] = [
    'auth_type' => 'config',
    'host' => $environment('DB_HOST'),
    'port' => $environment('DB_PORT'),
    'socket' => $environment('DB_SOCKET'),
    'user' => $environment('DB_USER'),
    'password' => $environment('DB_PASSWORD'),
    'only_db' => $database,
    'verbose' => $environment('PMA_SITE'),
    'ssl' => $environment('PMA_CA') !== '',
    'ssl_ca' => $environment('PMA_CA') ?: null,
    'ssl_verify' => true,
];
$cfg['ServerDefault'] = 1;
$cfg['AllowArbitraryServer'] = false;
$cfg['PmaAbsoluteUri'] = $environment('PMA_URL');
$cfg['DefaultTabServer'] = 'databases';
$cfg['TitleDatabase'] = $cfg['TitleDefault'] = $cfg['TitleServer'] = '@VSERVER@ | phpMyAdmin';

// Nothing is asked of the internet, nothing sent there.
$cfg['VersionCheck'] = false;
$cfg['SendErrorReports'] = 'never';

// What an account of one database may not do, or what would end the site's own access to it.
$cfg['AllowUserDropDatabase'] = false;
$cfg['ShowCreateDb'] = false;
$cfg['ShowChgPassword'] = false;
$cfg['ShowPhpInfo'] = false;
$cfg['ShowServerInfo'] = false;
$cfg['ZeroConf'] = false;
$cfg['PmaNoRelation_DisableWarning'] = true;

// Files come with the request and go with the answer. In between they are memory.
$cfg['TempDir'] = '/tmp/phpmyadmin';
$cfg['UploadDir'] = '';
$cfg['SaveDir'] = '';
$cfg['ExecTimeLimit'] = 300;
