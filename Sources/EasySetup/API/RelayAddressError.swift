public import EasySetupSeed

/// A fault of a relay's address (`Protocol/errors.md`, "The address of a relay").
public struct RelayAddressError: ExplainedError, Explained, Hashable {
    package let kind: Kind

    package init(_ kind: Kind) { self.kind = kind }

    /// The error's stable code.
    public var code: Code { kind == .plain ? .plain : .unreadable }

    /// The stable code of the wrong part of the address; nil where that part is unknown.
    public var causeCode: Cause? {
        switch kind {
        case .unreadable, .plain: nil
        case .scheme: .scheme
        case .path: .path
        case .user: .user
        case .port: .port
        case .notASCII: .notASCII
        }
    }

    /// The error's name in `Protocol/errors.md`.
    public var name: String { code.rawValue }

    /// The name of the wrong part of the address; nil where that part is unknown.
    public var cause: String? { causeCode?.rawValue }

    /// False, because the same text of an address always gives the same error.
    public var retryHelps: Bool { false }

    /// The error's texts for a person, in parts.
    public var explanation: Explanation {
        let form = "Write it as wss://HOST or wss://HOST:PORT."
        return switch kind {
        case .unreadable: explained("This is no address of a relay.", form)
        case .scheme: explained("A relay's address begins with wss:// or ws://, not with another scheme.", form)
        case .path:
            explained("A relay's address has no path and no query: it ends with the host or the port.", form)
        case .user: explained("A relay's address has no user name and no password.", form)
        case .port: explained("A relay's port is a number from 1 to 65535.", form)
        case .notASCII:
            explained(
                "A relay's host is written in plain letters, digits, dots and hyphens.",
                "Write the host of an international name in its form with xn--, as browsers copy it."
            )
        case .plain:
            explained(
                "This address leads to another machine without encryption of the connection.",
                "Use wss, or allow it explicitly for a network of your own."
            )
        }
    }

    /// The stable codes of the errors in the text of a relay's address.
    public struct Code: StableCode {
        /// The code's name in `Protocol/errors.md`.
        public let rawValue: String

        /// Makes an error code from its name, such as `relay-plain`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The relay's address does not have the form `wss://HOST[:PORT]` or `ws://HOST[:PORT]`.
        public static let unreadable = Self(rawValue: "relay-address")
        /// The relay's address has the scheme `ws` and leads to another machine, so the connection would have no TLS.
        public static let plain = Self(rawValue: "relay-plain")
    }

    /// The stable codes of the parts of a relay's address that can be wrong.
    public struct Cause: StableCode {
        /// The code's name in `Protocol/errors.md`.
        public let rawValue: String

        /// Makes the code of a wrong part from its name, such as `port`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The relay's address begins with a scheme other than `wss`, `ws`, `https` or `http`.
        public static let scheme = Self(rawValue: "scheme")
        /// The relay's address contains a path, a query or a fragment.
        public static let path = Self(rawValue: "path")
        /// The relay's address contains a user name.
        public static let user = Self(rawValue: "user")
        /// The port in the relay's address is not a number from 1 to 65535.
        public static let port = Self(rawValue: "port")
        /// The host in the relay's address has characters outside ASCII.
        public static let notASCII = Self(rawValue: "not-ascii")
    }

    /// The errors as the project's own code handles them. An app sees ``code`` in place of this enum, because a new
    /// case would break the `switch` statements of apps.
    package enum Kind: Hashable, Sendable {
        case unreadable, scheme, path, user, port, notASCII, plain
    }
}

// MARK: - Making errors

extension RelayAddressError {
    package static var unreadable: Self { Self(.unreadable) }
    package static var scheme: Self { Self(.scheme) }
    package static var path: Self { Self(.path) }
    package static var user: Self { Self(.user) }
    package static var port: Self { Self(.port) }
    package static var notASCII: Self { Self(.notASCII) }
    package static var plain: Self { Self(.plain) }
}
