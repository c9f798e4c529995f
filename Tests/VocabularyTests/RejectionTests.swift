internal import Testing
internal import Vocabulary

private enum Door: String, Lifecycle {
    case open, shut, walled

    var successors: [Door] {
        switch self {
        case .open: [.shut]
        case .shut: [.open, .walled]
        case .walled: []
        }
    }
}

@Suite struct RejectionTests {
    @Test func aForbiddenMoveNamesTheAllowedOnes() {
        #expect(throws: Rejection.transition("Door", from: "shut", to: "shut", allowed: ["open", "walled"])) {
            try Door.shut.require(to: .shut)
        }
        #expect(throws: Never.self) { try Door.shut.require(to: .walled) }
        #expect(Door.walled.isTerminal && !Door.open.isTerminal)
    }

    @Test func saysWhatCanFollow() {
        #expect(
            Door.walled.refusal(to: .open).detail
                == "Door is walled and cannot become open. From walled it can become: nothing."
        )
    }

    @Test func rolesAreOrderedByPower() {
        #expect(Role.allCases == Role.allCases.sorted())
        #expect(Role.owner > Role.admin && Role.admin > Role.member && Role.member > Role.viewer)
    }
}
