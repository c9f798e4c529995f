# Keys, passwords and the local certificate. Each is made once and kept; only its owner may read it.

random_hex() { openssl rand -hex "$1"; }

# secret NAME BYTES: makes the file with that many random bytes in hex, unless it is there.
secret() {
    [ -s "$key_dir/$1" ] || random_hex "$2" >"$key_dir/$1"
}

make_keys() {
    (
        umask 077
        mkdir -p "$key_dir"
        secret installation.key 32    # proves to each other that two Wire peers belong to this installation
        secret password.pepper 32     # mixed into every password hash, kept out of the database
        secret demo.password 9
        local service
        for service in "${services[@]}"; do
            secret "postgres-$service-owner.password" 16
            secret "postgres-$service-service.password" 16
        done
        make_assertion_keys
    )
    make_certificates
}

# The gateway signs assertions with the private half, services verify with the public one: both as 32 raw bytes in hex.
make_assertion_keys() {
    [ -s "$key_dir/assertion.public" ] && return
    local pem=$key_dir/assertion.pem
    openssl genpkey -algorithm ed25519 -out "$pem" 2>/dev/null
    # The last 32 bytes of either DER form are the key itself (RFC 8410).
    openssl pkey -in "$pem" -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n' >"$key_dir/assertion.private"
    openssl pkey -in "$pem" -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n' >"$key_dir/assertion.public"
    rm -f "$pem"
}

# A certificate authority of this machine's own, and a certificate for localhost signed by it.
make_certificates() {
    mkdir -p "$tls_dir"
    if [ -s "$tls_dir/localhost.pem" ] && openssl x509 -in "$tls_dir/localhost.pem" -noout -checkend 86400 >/dev/null; then
        return
    fi
    (
        umask 077
        openssl ecparam -name prime256v1 -genkey -noout -out "$tls_dir/authority.key"
        openssl ecparam -name prime256v1 -genkey -noout -out "$tls_dir/localhost.ec"
        openssl pkcs8 -topk8 -nocrypt -in "$tls_dir/localhost.ec" -out "$tls_dir/localhost.key"
        rm -f "$tls_dir/localhost.ec"
    )
    openssl req -x509 -new -key "$tls_dir/authority.key" -days 3650 -subj "/CN=Throughline local authority" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -out "$tls_dir/authority.pem"
    openssl req -new -key "$tls_dir/localhost.key" -subj "/CN=localhost" |
        openssl x509 -req -CA "$tls_dir/authority.pem" -CAkey "$tls_dir/authority.key" -CAcreateserial -days 825 \
            -extfile <(printf '%s\n' "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1" \
                "extendedKeyUsage=serverAuth" "keyUsage=critical,digitalSignature" "basicConstraints=critical,CA:FALSE") \
            -out "$tls_dir/localhost.pem" 2>/dev/null
}
