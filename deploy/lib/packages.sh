# Debian packages: installs what is missing and asks apt for nothing when nothing is.

# libraries the build links, tools the scripts call, and the database server.
stack_packages=(
    libpq-dev libnghttp2-dev libargon2-dev libqrencode-dev zlib1g-dev pkg-config
    postgresql postgresql-client curl openssl ca-certificates procps util-linux python3-venv
)
# prometheus is there for promtool, which judges the text that /metrics answers.
test_packages=(python3 chromium-headless-shell prometheus)
bench_packages=(gcc libc6-dev python3 nghttp2-client nghttp2-server)
# What deploy/bench measures against, as far as it can be had.
peer_packages=(
    haproxy h2o nginx-light nats-server
    golang-github-jackc-pgx-v4-dev golang-google-grpc-dev golang-github-nats-io-go-nats-dev
)
# Packages that would run a server from the next boot on, of which only the program is wanted.
server_packages=(prometheus haproxy h2o nginx nats-server)

missing_packages() {
    # dpkg-query fails for a name it has never heard of, which is a missing package too.
    comm -23 <(printf '%s\n' "$@" | sort -u) \
        <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

# ensure_packages NAME…
ensure_packages() {
    local missing
    mapfile -t missing < <(missing_packages "$@")
    [ "${#missing[@]}" -eq 0 ] && return
    say "Installing ${missing[*]}"

    # Debian's packages would make a cluster and start servers of their own; this stack has private ones. The two files are
    # ours only while apt runs, and a policy that is there already decides by itself.
    local switch=/etc/postgresql-common/createcluster.d/throughline.conf policy=/usr/sbin/policy-rc.d own_policy=no
    as_root mkdir -p "$(dirname "$switch")"
    echo 'create_main_cluster = false' | as_root tee "$switch" >/dev/null
    if [ ! -e "$policy" ]; then
        own_policy=yes
        printf '#!/bin/sh\n# Written by Throughline while it installs packages: 101 means "do not start".\nexit 101\n' |
            as_root tee "$policy" >/dev/null
        as_root chmod 755 "$policy"
    fi
    local status=0
    {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq -o DPkg::Lock::Timeout=600 &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
                -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold "${missing[@]}" >"$log_dir/apt.log" 2>&1
    } || status=$?
    as_root rm -f "$switch"
    if [ "$own_policy" = yes ]; then as_root rm -f "$policy"; fi
    # Nor at the next boot.
    if [ "$status" -eq 0 ] && command -v systemctl >/dev/null; then
        local server
        for server in "${server_packages[@]}"; do
            if [[ " ${missing[*]} " == *" $server"* ]]; then as_root systemctl disable --quiet "$server" || true; fi
        done
    fi
    if [ "$status" -ne 0 ]; then
        tail -5 "$log_dir/apt.log" >&2
        fail "apt could not install ${missing[*]} (the whole story: $log_dir/apt.log)"
    fi
}
