internal import NIOCore
internal import NIOEmbedded
internal import Testing

@testable internal import Mail

@Suite struct SMTPClientTests {
    private static let credentials = SMTPConfiguration.Credentials(user: "ada", password: "s3cret")

    @Test func `mails go one after the other, and what can be asked at once is`() throws {
        let talk = try SMTPConversation([.test(), .test(to: "alan@example.com")])
        #expect(try talk.hears("220 mail.example ESMTP") == "EHLO client.example\r\n")
        let first = try talk.hears("250-mail.example\n250-PIPELINING\n250 SIZE 1000000")
        #expect(first == "MAIL FROM:<ada@firm.example>\r\nRCPT TO:<grace@example.com>\r\n")
        #expect(try talk.hears("250 2.1.0 Ok") == "")
        #expect(try talk.hears("250 2.1.5 Ok") == "DATA\r\n")
        #expect(try talk.hears("354 Go on") == "Subject: x\r\n\r\nHello\r\n.\r\n")
        #expect(talk.deliveries() == nil)
        let second = try talk.hears("250 2.0.0 Queued")
        #expect(second == "MAIL FROM:<ada@firm.example>\r\nRCPT TO:<alan@example.com>\r\n")
        #expect(try talk.hears("250 Ok\n250 Ok") == "DATA\r\n")
        _ = try talk.hears("354 Go on")
        #expect(try talk.hears("250 Queued") == "QUIT\r\n")
        _ = try talk.hears("221 Bye")
        #expect(talk.deliveries() == [.accepted, .accepted])
        #expect(!talk.channel.isActive)
    }

    @Test func `a server that cannot is asked step by step`() throws {
        let talk = try SMTPConversation([.test()])
        _ = try talk.hears("220 mail.example ESMTP")
        #expect(try talk.hears("250 mail.example") == "MAIL FROM:<ada@firm.example>\r\n")
        #expect(try talk.hears("250 Ok") == "RCPT TO:<grace@example.com>\r\n")
        #expect(try talk.hears("251 Will forward") == "DATA\r\n")
    }

    @Test(arguments: [
        ("Hello", "Hello\r\n.\r\n"), (".", "..\r\n.\r\n"),
        ("a\r\n.\r\nMAIL FROM:<x@y.z>\r\n", "a\r\n..\r\nMAIL FROM:<x@y.z>\r\n.\r\n"),
        ("..\r\n", "...\r\n.\r\n"), ("a.b\r\n", "a.b\r\n.\r\n"), ("", ".\r\n"),
    ])
    func `a dot alone ends nothing`(message: String, sent: String) {
        #expect(SMTPStateMachine.stuffed(Array(message.utf8)) == Array(sent.utf8))
    }

    // MARK: - Encryption and sign-in

    @Test func `encryption comes before everything else, and what was said before is asked again`() throws {
        let talk = try SMTPConversation([.test()]) {
            $0.encryption = .starttls
            $0.credentials = Self.credentials
        }
        _ = try talk.hears("220 mail.example ESMTP")
        #expect(try talk.hears("250-mail.example\n250-AUTH PLAIN\n250 STARTTLS") == "STARTTLS\r\n")
        #expect(try talk.hears("220 Go ahead") == "" && talk.encryptions == 1)
        #expect(try talk.handshakeEnds() == "EHLO client.example\r\n")
        #expect(try talk.hears("250-mail.example\n250 AUTH LOGIN PLAIN") == "AUTH PLAIN AGFkYQBzM2NyZXQ=\r\n")
        #expect(try talk.hears("235 2.7.0 Welcome") == "MAIL FROM:<ada@firm.example>\r\n")
    }

    @Test(arguments: ["220 Go ahead\n250-evil.example\n250 PIPELINING", "220 Go ahead\n250-half a reply"])
    func `what arrives with the consent to encrypt is believed by nobody`(lines: String) throws {
        let talk = try SMTPConversation([.test()]) { $0.encryption = .starttls }
        _ = try talk.hears("220 mail.example ESMTP")
        _ = try talk.hears("250-mail.example\n250 STARTTLS")
        #expect(try talk.hears(lines) == "")
        #expect(talk.deliveries() == [.postponed("a reply came before encryption")])
    }

    @Test func `a server without encryption gets no mail and no password`() throws {
        let talk = try SMTPConversation([.test()]) {
            $0.encryption = .starttls
            $0.credentials = Self.credentials
        }
        _ = try talk.hears("220 mail.example ESMTP")
        #expect(try talk.hears("250-mail.example\n250 AUTH PLAIN") == "")
        #expect(talk.deliveries() == [.postponed("the mail server offers no STARTTLS")])
    }

    @Test func `who knows no PLAIN is given LOGIN, and a wrong password costs no mail`() throws {
        let talk = try SMTPConversation([.test(), .test()]) { $0.credentials = Self.credentials }
        _ = try talk.hears("220 mail.example ESMTP")
        #expect(try talk.hears("250-mail.example\n250 AUTH LOGIN") == "AUTH LOGIN\r\n")
        #expect(try talk.hears("334 VXNlcm5hbWU6") == "YWRh\r\n")
        #expect(try talk.hears("334 UGFzc3dvcmQ6") == "czNjcmV0\r\n")
        _ = try talk.hears("535 5.7.8 Error: wrong password of ada")
        let reason = SMTPDelivery.postponed("sign-in refused: 535 5.7.8")
        #expect(talk.deliveries() == [reason, reason])
    }

    // MARK: - Refusals

    @Test func `a refused recipient costs its own mail only`() throws {
        let talk = try SMTPConversation([.test(to: "nobody@example.com"), .test()])
        _ = try talk.hears("220 mail.example ESMTP")
        _ = try talk.hears("250-mail.example\n250 PIPELINING")
        #expect(try talk.hears("250 Ok\n550 5.1.1 <nobody@example.com> is unknown") == "RSET\r\n")
        _ = try talk.hears("250 Ok")
        _ = try talk.hears("250 Ok\n250 Ok")
        _ = try talk.hears("354 Go on")
        _ = try talk.hears("250 Queued")
        _ = try talk.hears("221 Bye")
        // No text: it has the address in it.
        #expect(talk.deliveries() == [.refused("550 5.1.1"), .accepted])
    }

    @Test(arguments: [
        ("451 4.3.0 later\n250 Ok", SMTPDelivery.postponed("451 4.3.0")),
        ("550 no\n503 first MAIL", .refused("550")),
        ("250 Ok\n452 4.2.2 full", .postponed("452 4.2.2")),
        ("530 5.7.0 sign in first\n503 x", .postponed("530 5.7.0")),
        ("354 what?\n250 Ok", .postponed("unexpected reply 354")),
    ])
    func `a 4 means later, a 5 never`(lines: String, delivery: SMTPDelivery) throws {
        let talk = try SMTPConversation([.test()])
        _ = try talk.hears("220 mail.example ESMTP")
        _ = try talk.hears("250-mail.example\n250 PIPELINING")
        _ = try talk.hears(lines)
        _ = try talk.hears("221 Bye")
        #expect(talk.deliveries() == [delivery])
    }

    @Test(arguments: [("550 5.7.1 spam", SMTPDelivery.refused("550 5.7.1")), ("451 try later", .postponed("451"))])
    func `a whole mail may be refused too`(line: String, delivery: SMTPDelivery) throws {
        let talk = try SMTPConversation([.test()])
        _ = try talk.hears("220 mail.example ESMTP")
        _ = try talk.hears("250-mail.example\n250 PIPELINING")
        _ = try talk.hears("250 Ok\n250 Ok")
        _ = try talk.hears("354 Go on")
        #expect(try talk.hears(line) == "QUIT\r\n")
        _ = try talk.hears("221 Bye")
        #expect(talk.deliveries() == [delivery])
    }

    @Test(arguments: ["421 4.3.2 closing", "554 no SMTP here", "HTTP/1.1 400 Bad Request", "2", "220-a\n250 b"])
    func `a server that does not want to is left`(line: String) throws {
        let talk = try SMTPConversation([.test(), .test()])
        _ = try talk.hears(line)
        let deliveries = try #require(talk.deliveries())
        #expect(deliveries.count == 2)
        #expect(deliveries.allSatisfy { if case .postponed = $0 { true } else { false } })
        #expect(!talk.channel.isActive)
    }

    @Test func `an endless line is ended`() throws {
        let talk = try SMTPConversation([.test()])
        _ = try talk.hears("220 " + String(repeating: "x", count: SMTPReplyDecoder.lineBytesMax))
        #expect(talk.deliveries() == [.postponed("the peer does not speak SMTP")])
    }

    @Test func `an address in another script needs a server that knows it`() throws {
        let talk = try SMTPConversation([.test(to: "jürgen@example.com"), .test()])
        _ = try talk.hears("220 mail.example ESMTP")
        #expect(try talk.hears("250 mail.example") == "MAIL FROM:<ada@firm.example>\r\n")
        let able = try SMTPConversation([.test(to: "jürgen@example.com")])
        _ = try able.hears("220 mail.example ESMTP")
        #expect(try able.hears("250-mail.example\n250 SMTPUTF8") == "MAIL FROM:<ada@firm.example> SMTPUTF8\r\n")
    }

    // MARK: - Time

    @Test func `who does not answer is not waited for`() throws {
        let talk = try SMTPConversation([.test()]) { $0.replySecondsMax = 30 }
        _ = try talk.hears("220 mail.example ESMTP")
        talk.channel.embeddedEventLoop.advanceTime(by: .seconds(29))
        #expect(talk.deliveries() == nil)
        talk.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(talk.deliveries() == [.postponed("the mail server took too long")])
    }

    @Test func `a whole mail is given longer, and everything together has an end`() throws {
        let talk = try SMTPConversation([.test()])
        _ = try talk.hears("220 mail.example ESMTP")
        _ = try talk.hears("250-mail.example\n250 PIPELINING")
        _ = try talk.hears("250 Ok\n250 Ok")
        _ = try talk.hears("354 Go on")
        talk.channel.embeddedEventLoop.advanceTime(by: .seconds(119))
        #expect(talk.deliveries() == nil)
        _ = try talk.hears("250 Queued")
        _ = try talk.hears("221 Bye")
        #expect(talk.deliveries() == [.accepted])
        let slow = try SMTPConversation([.test()]) { $0.sessionSecondsMax = 10 }
        _ = try slow.hears("220 mail.example ESMTP")
        slow.channel.embeddedEventLoop.advanceTime(by: .seconds(10))
        #expect(slow.deliveries() == [.postponed("everything together took too long")])
    }

    @Test func `a connection that ends before the answer leaves the mail to be sent again`() throws {
        let talk = try SMTPConversation([.test()])
        _ = try talk.hears("220 mail.example ESMTP")
        _ = try talk.hears("250-mail.example\n250 PIPELINING")
        _ = try talk.hears("250 Ok\n250 Ok")
        _ = try talk.hears("354 Go on")
        try talk.channel.close().wait()
        #expect(talk.deliveries() == [.postponed("the connection ended")])
    }
}
