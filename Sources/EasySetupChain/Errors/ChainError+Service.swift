import EasySetupSeed

extension ChainError.Code {
    /// The code of an error of a service for credentials (`Protocol/errors.md`, "The chain").
    init(_ fault: ServiceFault) {
        self =
            switch fault {
            case .address: .serviceAddress
            case .unreachable: .serviceUnreachable
            case .untrusted: .serviceUntrusted
            case .unreadable: .serviceUnreadable
            case .problem(let problem, _):
                switch problem {
                case .badRequest, .badBody, .badUserID, .wrongTarget, .badSignature, .nonceUsed, .notFound,
                    .methodNotAllowed, .bodyTooLarge, .wrongContent, .wrongHost:
                    .serviceRefused
                case .wrongClock: .serviceClock
                case .badCertificate: .certificateNotSigned
                case .certificateEnded: .certificateEnded
                case .deviceRevoked: .deviceRemoved
                case .seedNeeded: .notHeld
                case .registrationClosed: .registrationClosed
                case .invitationNeeded: .invitationNeeded
                case .tooManyCollections: .tooManyCollections
                case .tooManyRevocations: .tooManyRevocations
                case .unknownChain: .chainUnknown
                case .accountDeleted: .accountDeleted
                case .tooMany, .storeFailed, .noNode, .busy: .serviceBusy
                }
            }
    }
}

extension ChainError {
    /// The error of a service for credentials.
    package static func service(_ fault: ServiceFault) -> Self { .store(ObjectStoreError(fault)) }

    /// The texts of an error of a service for credentials.
    func explained(_ fault: ServiceFault) -> Explanation {
        switch fault {
        case .address:
            explained(
                "This is no address of a service for credentials.",
                "Write it as https://HOST or https://HOST:PORT."
            )
        case .unreachable:
            explained("The service for credentials can't be reached.", "Check the network, then do it again.")
        case .untrusted:
            explained(
                "The service for credentials has no certificate that this device trusts.",
                "Check the address of the service."
            )
        case .unreadable:
            explained(
                "The server does not answer as a service for credentials does.",
                "Check the address of the service, or ask who runs it."
            )
        case .problem(let problem, let most): explained(problem, most)
        }
    }

    private func explained(_ problem: ServiceProblem, _ most: Int?) -> Explanation {
        switch problem {
        case .wrongHost:
            explained(
                "The service for credentials does not know itself by this address.",
                "Check the address, or ask who runs the service to name this host in its settings."
            )
        case .badSignature:
            explained(
                "The service for credentials does not take the signature of this device.",
                "Pair the device again."
            )
        case .badRequest, .badBody, .badUserID, .wrongTarget, .nonceUsed, .notFound, .methodNotAllowed,
            .bodyTooLarge, .wrongContent:
            explained(
                "The service for credentials does not take the requests of this device.",
                "Check the address of the service, and update this device."
            )
        case .wrongClock:
            explained(
                "This device's clock and that of the service could not be brought together.",
                "Set this device's clock, or ask who runs the service to set its clock."
            )
        case .badCertificate:
            explained("A device's certificate is not one of this chain.", "Pair the device again.")
        case .certificateEnded:
            explained("The time of a device's certificate is over.", "Ask a device that has the seed for a new one.")
        case .deviceRevoked:
            explained(
                "The service for credentials says that this device was removed from its chain.",
                "Look at the devices on one that has the seed. Pair this one again if it is to come back."
            )
        case .seedNeeded: explained("This device has no right to do that.", "Do it on a device that has the seed.")
        case .registrationClosed:
            explained("The service for credentials takes no new chains.", "Use another service, or ask who runs it.")
        case .invitationNeeded:
            explained(
                "The service for credentials takes a new chain only with an invitation that nobody has used.",
                "Ask who runs the service for an invitation."
            )
        case .tooManyCollections:
            explained(
                "The service for credentials can't give a device so many collections.",
                "Give it {most} collections at most, or give it the seed.",
                variant: "service",
                // Two are the chain's own.
                ["most": String(max(0, (most ?? 26) - 2))]
            )
        case .tooManyRevocations:
            explained(
                "This chain has removed so many devices that the service for credentials takes no further one.",
                "Make a new chain, and pair the devices that stay with it."
            )
        case .unknownChain:
            explained(
                "No device with the seed has used this service for credentials yet.",
                "Use it on a device that has the seed, then do it again."
            )
        case .accountDeleted:
            explained(
                "This chain's account at the service for credentials was deleted.",
                "Make a new chain if the devices are to stay in step."
            )
        case .tooMany, .busy: explained("The service for credentials has too much to do.", "Do it again later.")
        case .storeFailed:
            explained(
                "The store gave the service for credentials none.",
                "Do it again later, or ask who runs the service."
            )
        case .noNode:
            explained(
                "The service for credentials has no place for another chain now.",
                "Do it again later, or ask who runs the service for another store."
            )
        }
    }
}
