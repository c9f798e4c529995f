internal import Contracts
internal import Wire

/// Why a call had no answer, as the client reads it.
enum CallFaults {
    static func fault(of error: any Error, asking service: String) -> Fault {
        guard let failure = error as? WireFailure else {
            return Fault(.internalError, "The request failed for a reason that is not yours; it has been logged.")
        }
        switch failure {
        case .unavailable:
            return Fault(.unavailable, "The service \(service) is not available at this moment.", retryAfter: 1)
        case .cancelled:
            return Fault(.deadlineExceeded, "The request was given up.")
        case .deadlineExceeded:
            return Fault(.deadlineExceeded, "The service \(service) did not answer in time.")
        case .protocolViolation:
            return Fault(.tooLarge, "The request does not fit into one call to \(service).")
        case .refused(let end):
            return self.fault(status: end.status)
        }
    }

    /// What a fault's code alone says, where the service, or Wire in its place, gave no problem of the usual form.
    static func fault(status: String) -> Fault {
        switch Fault.Code(rawValue: status) {
        case .unavailable, .retryElsewhere:
            Fault(.unavailable, "The service is not available at this moment.", retryAfter: 1)
        case .deadlineExceeded: Fault(.deadlineExceeded, "The service did not answer in time.")
        case .internalError:
            Fault(.internalError, "The request failed for a reason that is not yours; it has been logged.")
        case let code: Fault(code, code.title + ".")
        }
    }
}
