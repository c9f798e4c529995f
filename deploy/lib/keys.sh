# Keys, passwords and certificates. Each is made once and kept; a certificate is made again before it ends.

# How long before its end a certificate is made again, and how long one lasts (the most that browsers accept).
certificate_renewal_seconds=$((30 * 86400))
certificate_days=825
authority_days=3650

random_hex() { openssl rand -hex "$1"; }

# secret NAME BYTES: makes the file with that many random bytes in hex, unless it is there.
secret() {
    [ -s "$key_dir/$1" ] || random_hex "$2" >"$key_dir/$1"
}

# What one machine's stack needs, for its owner's eyes only.
make_keys() {
    (
        umask 077
        make_installation_keys
        secret demo.password 9
    )
    make_https_certificate
}

# What every installation has, wherever it runs.
make_installation_keys() {
    mkdir -p "$key_dir"
    secret installation.key 32    # proves to each other that two Wire peers belong to this installation
    secret password.pepper 32     # mixed into every password hash, kept out of the database
    make_vault_keys
    local service
    for service in "${services[@]}"; do
        secret "postgres-$service-owner.password" 16
        secret "postgres-$service-service.password" 16
    done
    make_assertion_keys
}

# What tokens of other services are encrypted with in identity's database: a named key, to which others are added by hand
# (Services/Identity/README.md, "Exchange a key").
make_vault_keys() {
    [ -s "$key_dir/vault.keys" ] || echo "$(date -u +%Y-%m-%d):$(random_hex 32)" >"$key_dir/vault.keys"
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

# What clients see on the TLS port of a stack on this machine.
make_https_certificate() {
    make_authority "$tls_dir" "Throughline local authority"
    certificate "$tls_dir" localhost "DNS:localhost,IP:127.0.0.1,IP:::1" serverAuth
}

# What processes on several machines show each other: one certificate each, for both ends of a connection, with the
# service's name, from an authority that signs nothing else.
make_wire_certificates() {
    local name
    make_authority "$wire_tls_dir" "Throughline Wire authority"
    for name in "${processes[@]}"; do certificate "$wire_tls_dir" "$name" "DNS:$name" serverAuth,clientAuth; done
}

# make_authority FOLDER NAME: a certificate authority of this installation's own, in FOLDER/authority.{key,pem}.
make_authority() {
    mkdir -p "$1"
    lasting "$1/authority.pem" && return
    private_key "$1/authority.key"
    openssl req -x509 -new -key "$1/authority.key" -days "$authority_days" -subj "/CN=$2" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -out "$1/authority.pem"
}

# certificate FOLDER NAME ALTERNATIVE-NAMES PURPOSES: FOLDER/NAME.{key,pem}, signed by the folder's authority.
certificate() {
    local path=$1/$2
    if lasting "$path.pem" && openssl verify -CAfile "$1/authority.pem" "$path.pem" >/dev/null 2>&1; then return; fi
    private_key "$path.key"
    openssl req -new -key "$path.key" -subj "/CN=$2" |
        openssl x509 -req -CA "$1/authority.pem" -CAkey "$1/authority.key" -CAcreateserial -days "$certificate_days" \
            -extfile <(printf '%s\n' "subjectAltName=$3" "extendedKeyUsage=$4" "keyUsage=critical,digitalSignature" \
                "basicConstraints=critical,CA:FALSE") -out "$path.pem" 2>/dev/null
}

# lasting FILE: whether it holds a certificate that does not end soon.
lasting() {
    [ -s "$1" ] && openssl x509 -in "$1" -noout -checkend "$certificate_renewal_seconds" >/dev/null
}

# private_key FILE: a new key on the curve P-256, as PKCS #8.
private_key() {
    (
        umask 077
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null
    )
}
