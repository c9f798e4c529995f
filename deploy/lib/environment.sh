# Where everything of one stack lives: folders, ports, names. Sourced by each script of deploy/, never run by itself.
#
# Two variables move a whole stack beside another one, which is how the tests and the benchmarks get their own:
#   THROUGHLINE_RUN_DIR    the folder with all state (default: .run in the repository)
#   THROUGHLINE_PORT_BASE  the first of a block of 40 ports (default: the documented ports)
# Each port can also be set alone, for example THROUGHLINE_HTTP_PORT=9080.

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
run_dir=${THROUGHLINE_RUN_DIR:-$repository/.run}
mkdir -p "$run_dir"
run_dir=$(cd "$run_dir" && pwd)

bin_dir=$run_dir/bin
key_dir=$run_dir/keys
tls_dir=$run_dir/tls
configuration_dir=$run_dir/config
log_dir=$run_dir/logs
process_dir=$run_dir/processes

# The order of the two lists is the order of Wire and admin ports; processes start in the second order and stop backwards.
services=(identity crm delivery revenue timeline)
processes=("${services[@]}" gateway)

if [ -n "${THROUGHLINE_PORT_BASE:-}" ]; then
    default_http=$THROUGHLINE_PORT_BASE
    default_https=$((THROUGHLINE_PORT_BASE + 1))
    default_wire=$((THROUGHLINE_PORT_BASE + 10))
    default_admin=$((THROUGHLINE_PORT_BASE + 20))
    default_postgres=$((THROUGHLINE_PORT_BASE + 32))
else
    default_http=8080
    default_https=8443
    default_wire=7100
    default_admin=7200
    default_postgres=7432
fi
http_port=${THROUGHLINE_HTTP_PORT:-$default_http}
https_port=${THROUGHLINE_HTTPS_PORT:-$default_https}
postgres_port=${THROUGHLINE_POSTGRES_PORT:-$default_postgres}
base_url=http://127.0.0.1:$http_port

demo_email=ada@demo.throughline.example
demo_password_file=$key_dir/demo.password

# position NAME: 1 for identity … 5 for timeline, 0 for the gateway.
position() {
    local index=1 name
    for name in "${services[@]}"; do
        [ "$name" = "$1" ] && { echo "$index"; return; }
        index=$((index + 1))
    done
    echo 0
}

# upper NAME: identity → IDENTITY, for the names of environment variables.
upper() { echo "$1" | tr '[:lower:]' '[:upper:]'; }

wire_port() {
    local variable
    variable=THROUGHLINE_$(upper "$1")_WIRE_PORT
    echo "${!variable:-$((default_wire + $(position "$1")))}"
}

admin_port() {
    local variable
    variable=THROUGHLINE_$(upper "$1")_ADMIN_PORT
    echo "${!variable:-$((default_admin + $(position "$1")))}"
}

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' yellow=$'\e[33m' plain=$'\e[0m'
else
    bold='' dim='' red='' green='' yellow='' plain=''
fi

say() { printf '%s==>%s %s\n' "$green" "$plain" "$*"; }
note() { printf '    %s%s%s\n' "$dim" "$*" "$plain"; }
fail() { printf '%serror:%s %s\n' "$red" "$plain" "$*" >&2; exit 1; }

# as_root COMMAND…: directly as root, through sudo otherwise.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "needs root or sudo for: $*"
    fi
}

# locked: at most one deploy script changes this stack at a time; the lock ends with the script.
locked() {
    exec 8>"$run_dir/.lock"
    flock -w 900 8 || fail "another deploy script is at work on $run_dir"
}
