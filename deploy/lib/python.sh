# The Python environment of the system tests and the benchmarks; nothing of it is needed to run Throughline.

venv_dir=$repository/.run/venv

# make_venv REQUIREMENTS: makes or completes the environment when the list has changed.
make_venv() {
    local wanted
    wanted=$(sha256sum <"$1")
    [ "$(cat "$venv_dir/installed" 2>/dev/null)" = "$wanted" ] && return
    say "Installing Python packages into ${venv_dir#"$repository"/}"
    python3 -m venv "$venv_dir"
    "$venv_dir/bin/pip" install --quiet --disable-pip-version-check -r "$1" || fail "pip could not install $1"
    echo "$wanted" >"$venv_dir/installed"
}
