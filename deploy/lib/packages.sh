# Debian packages: installs what is missing and asks apt for nothing when nothing is.

# libraries the build links, tools the scripts call, and the database server.
stack_packages=(
    libpq-dev libnghttp2-dev libargon2-dev zlib1g-dev pkg-config
    postgresql postgresql-client curl openssl ca-certificates procps util-linux
)
test_packages=(python3 python3-venv chromium-headless-shell)
bench_packages=(gcc libc6-dev python3 python3-venv)

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

    # Debian's package would make and start a cluster of its own; this stack has a private one. The file is ours only
    # while apt runs.
    local switch=/etc/postgresql-common/createcluster.d/throughline.conf
    as_root mkdir -p "$(dirname "$switch")"
    echo 'create_main_cluster = false' | as_root tee "$switch" >/dev/null
    local status=0
    {
        as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq -o DPkg::Lock::Timeout=600 &&
            as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
                -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold "${missing[@]}" >"$log_dir/apt.log" 2>&1
    } || status=$?
    as_root rm -f "$switch"
    if [ "$status" -ne 0 ]; then
        tail -5 "$log_dir/apt.log" >&2
        fail "apt could not install ${missing[*]} (the whole story: $log_dir/apt.log)"
    fi
}
