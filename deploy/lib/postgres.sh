# A private PostgreSQL: own data folder, port and socket, run by an unprivileged user.

# PostgreSQL refuses to run as root: as root it becomes the package's user, otherwise it is whoever calls.
if [ "$(id -u)" -eq 0 ]; then postgres_user=postgres; else postgres_user=$(id -un); fi
postgres_link=$run_dir/postgres

postgres_bin() {
    local folder
    folder=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)
    [ -n "$folder" ] || fail "no PostgreSQL server binaries under /usr/lib/postgresql"
    echo "$folder"
}

# as_postgres COMMAND…
as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid "$postgres_user" --regid "$(id -g "$postgres_user")" --init-groups --reset-env \
            env LC_ALL=C.UTF-8 "$@"
    else
        env LC_ALL=C.UTF-8 "$@"
    fi
}

# place_postgres: the folder is .run/postgres, or a link to one under /var/lib when the user postgres cannot reach the
# repository (a clone below /root).
place_postgres() {
    [ -e "$postgres_link" ] && return
    if as_postgres test -x "$run_dir"; then
        mkdir -p "$postgres_link"
    else
        local elsewhere
        elsewhere=/var/lib/throughline-$(echo -n "$run_dir" | sha256sum | cut -c1-12)
        mkdir -p "$elsewhere"
        ln -s "$elsewhere" "$postgres_link"
        note "user $postgres_user cannot reach $run_dir: its data is in $elsewhere"
    fi
    chown "$postgres_user" "$(readlink -f "$postgres_link")"
}

postgres_dir() { readlink -f "$postgres_link"; }

# A socket's path may have 107 bytes, so a deep run folder puts it under /tmp.
postgres_socket_dir() {
    local folder
    folder=$(postgres_dir)/socket
    if [ "${#folder}" -gt 80 ]; then folder=/tmp/throughline-$(echo -n "$folder" | sha256sum | cut -c1-12); fi
    echo "$folder"
}

postgres_running() {
    [ -e "$postgres_link" ] && as_postgres "$(postgres_bin)/pg_ctl" status -D "$(postgres_dir)/data" >/dev/null 2>&1
}

start_postgres() {
    place_postgres
    local folder socket bin
    folder=$(postgres_dir) socket=$(postgres_socket_dir) bin=$(postgres_bin)
    if [ ! -s "$folder/data/PG_VERSION" ]; then
        say "Making a private PostgreSQL in ${folder#"$repository"/}"
        as_postgres "$bin/initdb" -D "$folder/data" -U postgres -A reject \
            --encoding=UTF8 --locale=C.UTF-8 --data-checksums >"$log_dir/initdb.log" 2>&1 ||
            fail "initdb failed: $log_dir/initdb.log"
        write_access_rules "$folder/data"
    fi
    write_postgres_settings "$folder/data" "$socket"
    postgres_running && return
    as_postgres mkdir -p -m 0755 "$socket"
    # Closing descriptor 8 keeps the scripts' lock from living on in the server.
    as_postgres "$bin/pg_ctl" start -w -t 60 -D "$folder/data" -l "$folder/server.log" >/dev/null 8>&- ||
        fail "PostgreSQL did not start: $folder/server.log"
}

# Services sign in with passwords; the superuser only as the operating-system user that runs the server.
write_access_rules() {
    printf 'run %s postgres\n' "$postgres_user" | as_postgres tee "$1/pg_ident.conf" >/dev/null
    printf '%s\n' \
        'local all postgres peer map=run' \
        'local all all scram-sha-256' \
        'host all all 127.0.0.1/32 scram-sha-256' | as_postgres tee "$1/pg_hba.conf" >/dev/null
}

# Terse: the details of a refused statement quote the row, and so people's addresses (`Key (email)=(…) already exists`).
write_postgres_settings() {
    printf '%s\n' \
        "listen_addresses = '127.0.0.1'" \
        "port = $postgres_port" \
        "unix_socket_directories = '$2'" \
        "max_connections = 200" \
        "shared_buffers = ${THROUGHLINE_SHARED_BUFFERS:-256MB}" \
        "max_wal_size = 2GB" \
        "wal_compression = lz4" \
        "jit = off" \
        "random_page_cost = 1.1" \
        "password_encryption = 'scram-sha-256'" \
        "log_error_verbosity = terse" \
        "log_line_prefix = '%m [%p] %q%u@%d %a '" | as_postgres tee "$1/throughline.conf" >/dev/null
    as_postgres grep -q "^include 'throughline.conf'" "$1/postgresql.conf" ||
        echo "include 'throughline.conf'" | as_postgres tee -a "$1/postgresql.conf" >/dev/null
}

stop_postgres() {
    postgres_running || return 0
    as_postgres "$(postgres_bin)/pg_ctl" stop -w -t 60 -m fast -D "$(postgres_dir)/data" >/dev/null ||
        fail "PostgreSQL did not stop: $(postgres_dir)/server.log"
}

# sql: runs the statements of standard input as the superuser and ends at the first that fails.
sql() {
    as_postgres psql -X -q -v ON_ERROR_STOP=1 -h "$(postgres_socket_dir)" -p "$postgres_port" -U postgres -d postgres -f -
}

# One database a service, an owner for its migrations and a role that owns nothing and cannot bypass row-level security.
make_databases() {
    local service
    for service in "${services[@]}"; do database_statements "$service"; done | sql ||
        fail "could not make the databases: $(postgres_dir)/server.log"
}

# Each can be run again: it makes what is missing and sets what may have changed.
database_statements() {
    cat <<SQL
\\connect postgres
select format('create role %I', name) from unnest(array['$1_owner', '$1_service']) as name
where not exists (select from pg_roles where rolname = name) \\gexec
alter role $1_owner with login nosuperuser nobypassrls nocreatedb nocreaterole inherit
    password '$(<"$key_dir/postgres-$1-owner.password")';
alter role $1_service with login nosuperuser nobypassrls nocreatedb nocreaterole noinherit
    password '$(<"$key_dir/postgres-$1-service.password")';
select 'create database $1 owner $1_owner' where not exists (select from pg_database where datname = '$1') \\gexec
revoke all on database $1 from public;
grant connect on database $1 to $1_service;
\\connect $1
alter schema public owner to $1_owner;
revoke all on schema public from public;
grant usage on schema public to $1_service;
SQL
}

# database_url SERVICE owner|service
database_url() {
    local password
    password=$(<"$key_dir/postgres-$1-$2.password")
    echo "postgresql:///$1?host=$(postgres_socket_dir)&port=$postgres_port&user=$1_$2&password=$password"
}
