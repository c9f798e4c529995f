/// An ISO 4217 currency and how many decimals its minor unit has.
public struct Currency: Hashable, Sendable {
    public let code: String
    /// The decimals of the minor unit: 2 for USD, 0 for JPY, 3 for KWD.
    public let exponent: Int

    public static let usd = Currency(code: "USD", exponent: 2)

    private init(code: String, exponent: Int) {
        self.code = code
        self.exponent = exponent
    }

    /// How many minor units make one: 100 for USD.
    public var minorPerMajor: Int64 {
        (0..<self.exponent).reduce(1) { product, _ in product * 10 }
    }
}

extension Currency: LosslessStringConvertible {
    /// Takes a code in capitals that a payment can be made in. Metals, funds and testing codes are not among them.
    public init?(_ code: String) {
        guard let exponent = Self.exponents[code] else { return nil }
        self.init(code: code, exponent: exponent)
    }

    public var description: String { self.code }
}

extension Currency {
    /// Every currency known, in alphabetical order.
    public static let all: [Currency] = Self.exponents.map { Currency(code: $0.key, exponent: $0.value) }
        .sorted { $0.code < $1.code }

    private static let exponents: [String: Int] = {
        var exponents: [String: Int] = [:]
        for (exponent, codes) in [(0, Self.none), (2, Self.two), (3, Self.three), (4, Self.four)] {
            for code in codes.split(separator: " ") {
                exponents[String(code)] = exponent
            }
        }
        return exponents
    }()

    private static let none = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
    private static let two = """
        AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF \
        CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF \
        IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN \
        MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS \
        SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
        """
    private static let three = "BHD IQD JOD KWD LYD OMR TND"
    private static let four = "CLF UYW"
}
