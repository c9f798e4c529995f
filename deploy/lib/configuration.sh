# The JSON file of settings that each process reads with --config. Written anew at every `up` from the folders, ports and
# keys of this stack; `NAME --config FILE --print-config` shows what a process makes of it, `NAME --help` all settings.

write_configurations() {
    mkdir -p "$configuration_dir"
    local name
    for name in "${processes[@]}"; do
        (
            umask 077
            "configuration_of_$([ "$name" = gateway ] && echo gateway || echo service)" "$name" \
                >"$configuration_dir/$name.json.new"
        )
        mv -f "$configuration_dir/$name.json.new" "$configuration_dir/$name.json"
    done
}

# What the gateway and the services have in common.
common_settings() {
    local service separator=''
    cat <<JSON
    "instance": "$1-1",
    "admin": { "host": "127.0.0.1", "port": $(admin_port "$1") },
    "log": { "level": "${THROUGHLINE_LOG_LEVEL:-info}" },
    "installation": { "key-file": "$key_dir/installation.key" },
JSON
    printf '    "peer": {'
    for service in "${services[@]}"; do
        printf '%s "%s": "127.0.0.1:%s"' "$separator" "$service" "$(wire_port "$service")"
        separator=,
    done
    printf ' },\n'
}

configuration_of_service() {
    echo '{'
    common_settings "$1"
    if [ "$1" = identity ]; then
        printf '    "password": { "pepper-file": "%s" },\n' "$key_dir/password.pepper"
        printf '    "vault": { "keys-file": "%s" },\n' "$key_dir/vault.keys"
        # This machine has no mail server: what would be sent is read at /dev/mail.
        printf '    "mail": { "mailbox": true, "link-base": "%s" },\n' "$base_url"
    fi
    # Tests do not wait a minute for what is due.
    if [[ -n "${THROUGHLINE_SWEEP_SECONDS:-}" && ("$1" = crm || "$1" = revenue) ]]; then
        printf '    "sweep": { "seconds": %s },\n' "$THROUGHLINE_SWEEP_SECONDS"
    fi
    cat <<JSON
    "assertion": { "public-key-files": "$key_dir/assertion.public" },
    "wire": { "host": "127.0.0.1", "port": $(wire_port "$1") },
    "database": { "url": "$(database_url "$1" service)" }
}
JSON
}

configuration_of_gateway() {
    echo '{'
    common_settings "$1"
    # Web pages of other origins may call only where somebody has named them.
    if [ -n "${THROUGHLINE_CORS_ORIGINS:-}" ]; then
        printf '    "cors": { "origins": "%s" },\n' "$THROUGHLINE_CORS_ORIGINS"
    fi
    local documentation
    documentation=$(swagger_ui_folder)
    if [ -n "$documentation" ]; then printf '    "docs": { "directory": "%s" },\n' "$documentation"; fi
    # Benchmarks load the whole stack with one firm's credential.
    if [ -n "${THROUGHLINE_RATE_LIMIT:-}" ]; then
        printf '    "limit": { "credential-per-second": %s, "credential-burst": %s,\n' "$THROUGHLINE_RATE_LIMIT" "$THROUGHLINE_RATE_LIMIT"
        printf '        "organization-per-second": %s, "organization-burst": %s },\n' "$THROUGHLINE_RATE_LIMIT" "$THROUGHLINE_RATE_LIMIT"
    fi
    cat <<JSON
    "assertion": { "private-key-file": "$key_dir/assertion.private" },
    "dev": { "mailbox": true },
    "http": { "host": "127.0.0.1", "port": $http_port },
    "https": {
        "host": "127.0.0.1",
        "port": $https_port,
        "certificate-file": "$tls_dir/localhost.pem",
        "key-file": "$tls_dir/localhost.key"
    }
}
JSON
}
