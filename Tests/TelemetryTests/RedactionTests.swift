internal import Contracts
internal import Telemetry
internal import Testing

@Suite struct RedactionTests {
    @Test(
        "a value shows what the data model's table allows, and no more",
        arguments: [
            (Sensitivity.email, "jane.doe@acme.example", "***@acme.example"),
            (.email, "Jane <jane@acme.example>", "***"),
            (.email, "\"odd@local\"@acme.example", "***@acme.example"),
            (.email, "jane@", "***"),
            (.email, "no address", "***"),
            (.email, "", "***"),
            (.phone, "+1 (555) 010-1234", "***1234"),
            (.phone, "5550101", "***0101"),
            (.phone, "01234", "***"),
            (.phone, "", "***"),
            (.taxID, "123-45-6789", "***6789"),
            (.taxID, "DE123456789", "***6789"),
            (.taxID, "AB 12 34 56 C", "***456C"),
            (.taxID, "12345", "***"),
            (
                .token, "tlk_0190f5fe-7c00-7000-8000-00000000beef.c2VjcmV0LXNlY3JldA",
                "tlk_0190f5fe-7c00-7000-8000-00000000beef.***"
            ),
            (.token, "whsec_c2Vj_cmV0LXNlY3JldA", "whsec_***"),
            (.token, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "***"),
            (.token, "c2VjcmV0c2VjcmV0c2Vj_cmV0", "***"),
            (.token, "opaque", "***"),
            (.token, "", "***"),
            (.signature, "Jane Doe, 10.1.2.3", "[withheld]"),
            (.content, "%PDF-1.7", "[withheld]"),
            (.password, "correct horse", "[withheld]"),
            (.name, "Jane Doe", "[withheld]"),
        ]
    )
    func table(sensitivity: Sensitivity, value: String, visible: String) {
        #expect(Redaction.redacted(value, as: sensitivity) == visible)
    }
}
