/// Certificates made for these tests alone, valid for a hundred years; nothing else trusts their authority.
enum Certificates {
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBjzCCATWgAwIBAgIUe/6Kb3hl76ZvHgh/DvwsVrLJxVswCgYIKoZIzj0EAwIw
        HDEaMBgGA1UEAwwRVGhyb3VnaGxpbmUgdGVzdHMwIBcNMjYxMTIzMDAzOTI2WhgP
        MjEyNjEwMzAwMDM5MjZaMBwxGjAYBgNVBAMMEVRocm91Z2hsaW5lIHRlc3RzMFkw
        EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEBof1ANlBtrtPn/zyK2txNA9Q+WeplBM7
        awQ6UfOkH9nEjrbjnSvjwLlTAaDHf+n1NUVAltYuEcNO3pZikh1tkqNTMFEwHQYD
        VR0OBBYEFCJcKMI14yd1meu2bbsgD0U8Ot6VMB8GA1UdIwQYMBaAFCJcKMI14yd1
        meu2bbsgD0U8Ot6VMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIg
        fupBoJo9Fu0R2M51pMOMPZ7LD15WvchU6UO6fGnVTJsCIQCLObFB5cM6G9xBIibl
        xxEkv5Zv3a4YcY8Ccs9R5Kuhzw==
        -----END CERTIFICATE-----
        """

    static let crm = """
        -----BEGIN CERTIFICATE-----
        MIIBgDCCASagAwIBAgIUS49CMg0U3XgC1P8pgCHWAGzLr+4wCgYIKoZIzj0EAwIw
        HDEaMBgGA1UEAwwRVGhyb3VnaGxpbmUgdGVzdHMwIBcNMjYxMTIzMDAzOTI2WhgP
        MjEyNjEwMzAwMDM5MjZaMA4xDDAKBgNVBAMMA2NybTBZMBMGByqGSM49AgEGCCqG
        SM49AwEHA0IABCnVh9fIkNKEFq/rAd5TgutpLXui0kD8xAM/eIy2AAUPtWvdyd0d
        SYDPhKHymZQC+hRbpDne8mtA80C8R4XGouujUjBQMA4GA1UdEQQHMAWCA2NybTAd
        BgNVHQ4EFgQUaMeeQJW241hIv41qGrZSMy1zi4cwHwYDVR0jBBgwFoAUIlwowjXj
        J3WZ67ZtuyAPRTw63pUwCgYIKoZIzj0EAwIDSAAwRQIgLjd0mFVtC06T2K7CG2rj
        MM/lHbm0FOuFjpA0Vp2grFoCIQDxUTq+VhWkHaf6jR3dpbbrPhFF/zpDtOSOJDWm
        GQj7Ig==
        -----END CERTIFICATE-----
        """

    static let crmKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbNP1/Cbwl2Rpui8t
        YWNLIWd2lHHRLX5y/p9i9T6+5s6hRANCAAQp1YfXyJDShBav6wHeU4LraS17otJA
        /MQDP3iMtgAFD7Vr3cndHUmAz4Sh8pmUAvoUW6Q53vJrQPNAvEeFxqLr
        -----END PRIVATE KEY-----
        """

    static let gateway = """
        -----BEGIN CERTIFICATE-----
        MIIBiDCCAS6gAwIBAgIUS49CMg0U3XgC1P8pgCHWAGzLr+8wCgYIKoZIzj0EAwIw
        HDEaMBgGA1UEAwwRVGhyb3VnaGxpbmUgdGVzdHMwIBcNMjYxMTIzMDAzOTI2WhgP
        MjEyNjEwMzAwMDM5MjZaMBIxEDAOBgNVBAMMB2dhdGV3YXkwWTATBgcqhkjOPQIB
        BggqhkjOPQMBBwNCAARDTH4zYroq197VlDh49JHaRxXq/AH/pmdOQskRyEi2onOY
        5NZFz2lnNQcpRqs+xJnKVpY00RnUjVwYaxML+WG+o1YwVDASBgNVHREECzAJggdn
        YXRld2F5MB0GA1UdDgQWBBT0EicGqqkC/pzDogA/Mi+UIEFXTDAfBgNVHSMEGDAW
        gBQiXCjCNeMndZnrtm27IA9FPDrelTAKBggqhkjOPQQDAgNIADBFAiAba0zITQC5
        YO2zedhBp/cEV8mbHdFZhwNegawUG/YyRAIhAJzcBKgO3X0A4Dqhfhm4YAeZL8Y5
        7u/Z59Uf7oDCiTI+
        -----END CERTIFICATE-----
        """

    static let gatewayKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgyk0nqGhISdowEcyd
        NytffLIVapFHJFyN6NNDvNQq4D2hRANCAARDTH4zYroq197VlDh49JHaRxXq/AH/
        pmdOQskRyEi2onOY5NZFz2lnNQcpRqs+xJnKVpY00RnUjVwYaxML+WG+
        -----END PRIVATE KEY-----
        """

    static let stranger = """
        -----BEGIN CERTIFICATE-----
        MIIBiTCCAS6gAwIBAgIUR4xj2JYIxq6m5akD1+pD2EWCHdYwCgYIKoZIzj0EAwIw
        HDEaMBgGA1UEAwwRQW5vdGhlciBhdXRob3JpdHkwIBcNMjYxMTIzMDAzOTI2WhgP
        MjEyNjEwMzAwMDM5MjZaMBIxEDAOBgNVBAMMB2dhdGV3YXkwWTATBgcqhkjOPQIB
        BggqhkjOPQMBBwNCAAQDTy+RHjj5Je2PO2shQaRr81yIDWT5aTSUpbTt7A1bzuKP
        k+86ffLBqBRe+rVCFmIae9JNtyKH1dW+rZmqg6QKo1YwVDASBgNVHREECzAJggdn
        YXRld2F5MB0GA1UdDgQWBBTVN6gb3QTjHfi/MFGbnolC2s5veTAfBgNVHSMEGDAW
        gBTtNCNsbPvNMwdaGSx/qv3L3p2/tTAKBggqhkjOPQQDAgNJADBGAiEAigb/bKD3
        apY4iPliBCecUN8Dc1mHJtcZBeIQ5hzL5yECIQCO/ussZ3WMgDT7OYKyBI/VRCzZ
        Gflkfw+Oq5aaNAcrDQ==
        -----END CERTIFICATE-----
        """

    static let strangerKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgUrrGRbOP66rZs7iv
        0fGbKMoPo2jWTxt+Xn+ejv3l0FehRANCAAQDTy+RHjj5Je2PO2shQaRr81yIDWT5
        aTSUpbTt7A1bzuKPk+86ffLBqBRe+rVCFmIae9JNtyKH1dW+rZmqg6QK
        -----END PRIVATE KEY-----
        """
}
