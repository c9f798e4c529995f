internal import Contracts
internal import IdentityDomain
internal import Vocabulary

/// Who comes in by a password: somebody who is known here and has proved it, or somebody new who has just chosen theirs.
enum Person: Sendable {
    case known(Proved)
    case new(Identifier, name: String, PasswordHash)

    var id: Identifier {
        switch self {
        case .known(let proved): proved.user.id
        case .new(let id, _, _): id
        }
    }

    var name: String {
        switch self {
        case .known(let proved): proved.user.name
        case .new(_, let name, _): name
        }
    }

    /// What their session begins by.
    func beginning(at now: Instant) -> Sessions.Beginning {
        switch self {
        case .known(let proved): proved.beginning
        case .new: .password(setAt: now, .password)
        }
    }

    /// What is stored of somebody who is new.
    func newUser(_ email: EmailAddress) -> NewUser? {
        guard case .new(let id, let name, let password) = self else { return nil }
        return NewUser(id: id, email: email, name: name, password: password)
    }
}
