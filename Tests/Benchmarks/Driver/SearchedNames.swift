/// What people type to find one of the million names that `rows/search.sql` makes by the same numbers.
enum SearchedNames {
    private static let count = 1_000_000
    private static let words = 20_000
    private static let syllables = [
        "ba", "de", "fi", "go", "hu", "ja", "ke", "li", "mo", "nu", "pa", "re", "si", "to", "vu", "wa", "ze", "bri",
        "cla", "dro", "fle", "gru",
        "pla", "qui", "ste", "tri", "wol", "kno",
    ]

    /// Three syllables to a word, so that no two numbers make the same.
    private static func word(_ number: Int) -> String {
        let base = Self.syllables.count
        return [number / base / base % base, number / base % base, number % base].map { Self.syllables[$0] }.joined()
    }

    /// In turn: both words of a name, one of them, its beginning, and one with two letters exchanged.
    static func query(_ number: Int) -> String {
        let row = number * RequestMix.stride % Self.count
        let first = Self.word(row * 7_919 % Self.words)
        let second = Self.word(row * 104_729 % Self.words)
        switch number % 4 {
        case 0: return first + " " + second
        case 1: return second
        case 2: return String(first.prefix(4))
        default:
            var letters = Array(first)
            letters.swapAt(2, 3)
            return String(letters)
        }
    }
}
