// The settings that PHP and its extensions here know: ini_get_all() of all versions on offer, and what only the servers' modules know.
// A name that is missing costs a needless warning, nothing else.
import { suggestion } from '../../lib/nearest.ts'

const names = `
SMTP allow_url_fopen allow_url_include apc.coredump_unmap apc.enable_cli apc.enabled apc.entries_hint apc.gc_ttl
apc.mmap_file_mask apc.preload_path apc.serializer apc.shm_segments apc.shm_size apc.slam_defense apc.smart apc.ttl
apc.use_request_time arg_separator.input arg_separator.output assert.active assert.bail assert.callback
assert.exception assert.quiet_eval assert.warning auto_append_file auto_detect_line_endings auto_globals_jit
auto_prepend_file bcmath.scale browscap cgi.check_shebang_line cgi.discard_path cgi.force_redirect cgi.nph
cgi.redirect_status_env cgi.rfc2616_headers cli.pager cli.prompt curl.cainfo date.default_latitude
date.default_longitude date.sunrise_zenith date.sunset_zenith date.timezone default_charset default_mimetype
default_socket_timeout disable_classes disable_functions display_errors display_startup_errors doc_root docref_ext
docref_root enable_dl enable_post_data_reading engine error_append_string error_log error_log_mode
error_prepend_string error_reporting exif.decode_jis_intel exif.decode_jis_motorola exif.decode_unicode_intel
exif.decode_unicode_motorola exif.encode_jis exif.encode_unicode expose_php extension_dir fastcgi.error_header
fastcgi.logging ffi.enable ffi.preload fiber.stack_size file_uploads filter.default filter.default_flags from
gd.jpeg_ignore_warning hard_timeout highlight.comment highlight.default highlight.html highlight.keyword
highlight.string html_errors iconv.input_encoding iconv.internal_encoding iconv.output_encoding
igbinary.compact_strings ignore_repeated_errors ignore_repeated_source ignore_user_abort
imagick.allow_zero_dimension_images imagick.locale_fix imagick.progress_monitor imagick.set_single_thread
imagick.shutdown_sleep_count imagick.skip_version_check implicit_flush include_path input_encoding internal_encoding
intl.default_locale intl.error_level intl.use_exceptions last_modified log_errors log_errors_max_len mail.add_x_header
mail.force_extra_parameters mail.log mail.mixed_lf_and_crlf max_execution_time max_file_uploads
max_input_nesting_level max_input_time max_input_vars max_multipart_body_parts mbstring.detect_order
mbstring.encoding_translation mbstring.func_overload mbstring.http_input mbstring.http_output
mbstring.http_output_conv_mimetypes mbstring.internal_encoding mbstring.language mbstring.regex_retry_limit
mbstring.regex_stack_limit mbstring.strict_detection mbstring.substitute_character memory_hard_limit_percent
memory_limit mysqli.allow_local_infile mysqli.allow_persistent mysqli.default_host mysqli.default_port
mysqli.default_pw mysqli.default_socket mysqli.default_user mysqli.local_infile_directory mysqli.max_links
mysqli.max_persistent mysqli.reconnect mysqli.rollback_on_cached_plink mysqlnd.collect_memory_statistics
mysqlnd.collect_statistics mysqlnd.debug mysqlnd.fetch_data_copy mysqlnd.log_mask mysqlnd.mempool_default_size
mysqlnd.net_cmd_buffer_size mysqlnd.net_read_buffer_size mysqlnd.net_read_timeout mysqlnd.sha256_server_public_key
mysqlnd.trace_alloc opcache.blacklist_filename opcache.consistency_checks opcache.dups_fix opcache.enable
opcache.enable_cli opcache.enable_file_override opcache.error_log opcache.file_cache
opcache.file_cache_consistency_checks opcache.file_cache_only opcache.file_update_protection
opcache.force_restart_timeout opcache.huge_code_pages opcache.interned_strings_buffer opcache.jit
opcache.jit_bisect_limit opcache.jit_blacklist_root_trace opcache.jit_blacklist_side_trace opcache.jit_buffer_size
opcache.jit_debug opcache.jit_hot_func opcache.jit_hot_loop opcache.jit_hot_return opcache.jit_hot_side_exit
opcache.jit_max_exit_counters opcache.jit_max_loop_unrolls opcache.jit_max_polymorphic_calls
opcache.jit_max_recursive_calls opcache.jit_max_recursive_returns opcache.jit_max_root_traces
opcache.jit_max_side_traces opcache.jit_max_trace_length opcache.jit_prof_threshold opcache.lockfile_path
opcache.log_verbosity_level opcache.max_accelerated_files opcache.max_file_size opcache.max_wasted_percentage
opcache.memory_consumption opcache.opt_debug_level opcache.optimization_level opcache.preferred_memory_model
opcache.preload opcache.preload_user opcache.protect_memory opcache.record_warnings opcache.restrict_api
opcache.revalidate_freq opcache.revalidate_path opcache.save_comments opcache.use_cwd opcache.validate_permission
opcache.validate_root opcache.validate_timestamps open_basedir openssl.cafile openssl.capath output_buffering
output_encoding output_handler pcre.backtrack_limit pcre.jit pcre.recursion_limit pdo_mysql.default_socket
phar.cache_list phar.readonly phar.require_hash post_max_size precision realpath_cache_size realpath_cache_ttl
redis.arrays.algorithm redis.arrays.auth redis.arrays.autorehash redis.arrays.connecttimeout redis.arrays.consistent
redis.arrays.distributor redis.arrays.functions redis.arrays.hosts redis.arrays.index redis.arrays.lazyconnect
redis.arrays.names redis.arrays.pconnect redis.arrays.previous redis.arrays.readtimeout redis.arrays.retryinterval
redis.clusters.auth redis.clusters.cache_slots redis.clusters.persistent redis.clusters.read_timeout
redis.clusters.seeds redis.clusters.timeout redis.pconnect.connection_limit redis.pconnect.echo_check_liveness
redis.pconnect.pool_detect_dirty redis.pconnect.pool_pattern redis.pconnect.pool_poll_timeout
redis.pconnect.pooling_enabled redis.session.compression redis.session.compression_level redis.session.early_refresh
redis.session.lock_expire redis.session.lock_retries redis.session.lock_wait_time redis.session.locking_enabled
register_argc_argv report_memleaks report_zend_debug request_order sendmail_from sendmail_path serialize_precision
session.auto_start session.cache_expire session.cache_limiter session.cookie_domain session.cookie_httponly
session.cookie_lifetime session.cookie_path session.cookie_samesite session.cookie_secure session.gc_divisor
session.gc_maxlifetime session.gc_probability session.lazy_write session.name session.referer_check
session.save_handler session.save_path session.serialize_handler session.sid_bits_per_character session.sid_length
session.trans_sid_hosts session.trans_sid_tags session.upload_progress.cleanup session.upload_progress.enabled
session.upload_progress.freq session.upload_progress.min_freq session.upload_progress.name
session.upload_progress.prefix session.use_cookies session.use_only_cookies session.use_strict_mode
session.use_trans_sid short_open_tag smtp_port soap.wsdl_cache soap.wsdl_cache_dir soap.wsdl_cache_enabled
soap.wsdl_cache_limit soap.wsdl_cache_ttl sqlite3.defensive sqlite3.extension_dir sys_temp_dir syslog.facility
syslog.filter syslog.ident track_errors unserialize_callback_func unserialize_max_depth upload_max_filesize
upload_tmp_dir url_rewriter.hosts url_rewriter.tags user_agent user_dir user_ini.cache_ttl user_ini.filename
variables_order xbithack xmlrpc_error_number xmlrpc_errors zend.assertions zend.detect_unicode zend.enable_gc
zend.exception_ignore_args zend.exception_string_param_max_len zend.max_allowed_stack_size zend.multibyte
zend.reserved_stack_size zend.script_encoding zend.signal_check zlib.output_compression zlib.output_compression_level
zlib.output_handler
`
  .trim()
  .split(/\s+/)
const known = new Set(names)

/** Of `[php] ini`: PHP itself takes no notice of a name that nothing knows. Names are case-sensitive there. */
export function noteUnknownSettings(settings: readonly string[]): string[] {
  return settings
    .filter((name) => !known.has(name))
    .map(
      (name) =>
        `[php] ini: PHP has no setting ${name} here${suggestion(name.toLowerCase(), names)}, so that it changes nothing`,
    )
}
