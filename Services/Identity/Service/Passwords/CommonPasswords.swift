/// Passwords that attackers try first. A list of our own, to be replaced by a complete one; the rule around it stays.
enum CommonPasswords {
    /// With at most this much beside a common word, a password is that word: `welcome-2026!`.
    private static let decorationBytesMax = 8

    /// Whether a password, in lower case, is common, or a common word with digits and signs around it.
    static func contains(_ lowered: String) -> Bool {
        if self.whole.contains(lowered) { return true }
        let bytes = Array(lowered.utf8)
        let isLetter = { (byte: UInt8) in (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
        guard let first = bytes.firstIndex(where: isLetter), let last = bytes.lastIndex(where: isLetter) else {
            return false
        }
        guard bytes.count - (last - first + 1) <= self.decorationBytesMax else { return false }
        return self.words.contains(String(decoding: bytes[first...last], as: UTF8.self))
    }

    /// How many entries there are, for the test that holds the floor.
    static var count: Int { self.words.count + self.whole.count }

    private static let whole = CommonPasswords.set(
        """
        010203040506 012345678901 0123456789012 098765432109 102030405060 111222333444 112233445566 121212121212
        123123123123 123412341234 123456123456 123456654321 123456789012 1234567890123 12345678901234
        123456789012345 1234567890123456 1234567890qwerty 123456qwerty 1234password 123qweasdzxc 147258369147
        147852369147 159753159753 1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qaz2wsx3edc4rfv 271828182845
        314159265358 741852963741 789456123789 987654321098 a1b2c3d4e5f6 a1b2c3d4e5f6g7 aaaabbbbcccc
        abababababab abc123abc123 abcd1234abcd asdfghjkl123 correcthorsebatterystaple love12345678 p@ssw0rd123!
        p@ssw0rd1234 pa$$word1234 pa55word1234 passw0rd1234 password123! password1234 password12345 q1w2e3r4t5y6
        qweasdzxc123 qwer1234qwer qwerty123456 qwerty1234567 zaq12wsxcde3 zaq1zaq1zaq1
        """
    )

    private static let words = CommonPasswords.set(
        """
        abcabc abcdef abcdefg abcdefgh abcdefghijkl abracadabra access accessgranted admin adminadmin
        administrator agency andrew android angel anything apple april arsenal asdfasdf asdfgh asdfghjkl ashley
        august autumn azerty banana barcelona baseball basketball batman bayern bestfriend blessed business
        butterfly changeit changeme charlie cheese chelsea chocolate christ client coffee company computer
        consulting cookie customer daniel database december default deploy development diamond director docker
        dragon employee everything facebook family february ferrari finance flower football forever freedom
        friday friends github gitlab golden goodbye goodmorning google guest hello helloworld helpdesk hunter
        iamtheboss ilovemycat ilovemydog iloveyou iloveyoubaby incorrect internet invoice iphone january jenkins
        jennifer jessica jesus jordan joshua july june kubernetes letmein letmeinnow letmeinplease linkedin
        liverpool login loveforever lovely loveyou manager march master matthew mercedes michael microsoft
        monday monkey mustang mypassword mysecret mysql newpassword nopassword nothing november october office
        oldpassword opensesame oracle orange ourpassword p@ssw0rd p@ssword passphrase passw0rd password
        passwordpassword passwort payment pepper pokemon porsche postgres princess production project purple
        qazwsx qazwsxedc qwerty qwertyqwerty qwertyuiop qwertz qwertzuiop robert root rootroot samsung secret
        secure securepassword security september server service services shadow signin silver something
        spiderman spring staging starwars strongpassword summer sunshine superman supersecret superuser support
        test tester testing testtest testuser thepassword thomas throughline together topsecret trustno
        verysecure welcome welcomeback whatever windows winter yankees yellow yourpassword zxcvbn zxcvbnm
        """
    )

    private static func set(_ text: String) -> Set<String> {
        Set(text.split { $0 == " " || $0 == "\n" }.map(String.init))
    }
}
