# Building with SwiftPM and installing the binaries into the run folder.

# Every build refuses an undeclared import, so that the module graph in Package.swift is the real one.
build_flags=(--explicit-target-dependency-import-check error)

# What a stack runs.
stack_products=("${processes[@]}" throughline)

# build release|debug PRODUCT…
build() {
    command -v swift >/dev/null || fail "the Swift 6.3 toolchain is not in PATH (https://www.swift.org/install/linux/)"
    local flags=("${build_flags[@]}" -c "$1") name
    # Not --static-swift-stdlib: linked so, Foundation knows no time zone but GMT, and the firm's calendar needs them all.
    say "Building ($1); the first build takes minutes, later ones only what changed"
    # Product by product: what only tests and benchmarks need is not built here.
    for name in "${@:2}"; do
        (cd "$repository" && swift build "${flags[@]}" --product "$name") || fail "the build of $name failed"
    done
}

# install_binary PATH: copies a binary into place by a rename, because a running file cannot be written over.
install_binary() {
    local source=$1 target=$bin_dir/${1##*/}
    cmp -s "$source" "$target" && return
    cp "$source" "$target.new"
    mv -f "$target.new" "$target"
}

# install_binaries release|debug PRODUCT…
install_binaries() {
    local folder=$repository/.build/$1 name
    mkdir -p "$bin_dir"
    for name in "${@:2}"; do
        [ -x "$folder/$name" ] || fail "$folder/$name is missing: build first"
        install_binary "$folder/$name"
    done
}
