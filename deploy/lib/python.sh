# Python environments: the system tests' and benchmarks', and one for the only thing that a running stack has of PyPI.

venv_dir=$repository/.run/venv

# make_venv FOLDER REQUIREMENTS [PIP-OPTION…]: makes or completes an environment when the list has changed.
make_venv() {
    local folder=$1 list=$2 wanted
    wanted=$(sha256sum <"$list")
    [ "$(cat "$folder/installed" 2>/dev/null)" = "$wanted" ] && return
    say "Installing Python packages into ${folder#"$repository"/}"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check "${@:3}" -r "$list" || fail "pip could not install $list"
    echo "$wanted" >"$folder/installed"
}

swagger_ui_venv=$repository/.run/swagger-ui

# ensure_swagger_ui: the files that the gateway shows at /docs. The package's own dependencies are those of a web framework
# that nothing here uses. Without it everything else works.
ensure_swagger_ui() {
    (make_venv "$swagger_ui_venv" "$repository/deploy/lib/swagger-ui.txt" --no-deps) || note "/docs has nothing to show until PyPI answers"
}

# swagger_ui_folder: where those files are; nothing where they are not.
swagger_ui_folder() {
    [ -e "$swagger_ui_venv/installed" ] || return 0
    compgen -G "$swagger_ui_venv/lib/python3*/site-packages/drf_spectacular_sidecar/static/drf_spectacular_sidecar/swagger-ui-dist"
}
