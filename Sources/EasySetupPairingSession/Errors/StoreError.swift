public import EasySetupSeed

/// The reason why a store could not load or save a seed (`Protocol/seed.md`, "Errors").
///
/// An app's own store, such as one that uses a keychain, throws these errors where they fit. For other faults it throws
/// errors of its own, which it makes with ``app(_:_:advice:parameters:retryHelps:)``.
public struct StoreError: ExplainedError, Explained, Equatable {
    package let kind: Kind

    package init(_ kind: Kind) { self.kind = kind }

    /// The error's stable code.
    public var code: Code {
        switch kind {
        case .otherSeedStored: .otherSeedStored
        case .openToOthers: .openToOthers
        case .notOurs: .notOurs
        case .unfit: .unfit
        case .missing: .missing
        case .forbidden: .forbidden
        case .readOnly: .readOnly
        case .full: .full
        case .busy: .busy
        case .unsuitable: .unsuitable
        case .failed: .failed
        case .membershipEnded: .membershipEnded
        case .membershipNotKept: .membershipNotKept
        case .seed(let error): Code(rawValue: error.name)
        case .app(let explanation, _): Code(rawValue: explanation.key)
        }
    }

    /// The error's name in `Protocol/seed.md`.
    public var name: String { code.rawValue }

    /// The error of the seed itself, if the stored seed could not be read or the new one not encrypted; otherwise nil.
    public var seedError: SeedError? {
        if case .seed(let error) = kind { error } else { nil }
    }

    /// Whether the same call may succeed later, if nothing else changes.
    public var retryHelps: Bool {
        switch kind {
        case .busy, .failed: true
        case .seed(let error): error.retryHelps
        case .app(_, let retryHelps): retryHelps
        case .otherSeedStored, .openToOthers, .notOurs, .unfit, .missing, .forbidden, .readOnly, .full, .unsuitable,
            .membershipEnded, .membershipNotKept:
            false
        }
    }

    /// The error's texts for a person, in parts.
    public var explanation: Explanation {
        switch kind {
        case .otherSeedStored(let stored, let new):
            explained(
                "What is stored has the user id {stored}, and what was to be stored has the user id {new}.",
                "Keep what is stored, choose another store, or say explicitly that it may be replaced; a copy is kept then.",
                ["stored": stored.fingerprint, "new": new.fingerprint]
            )
        case .openToOthers:
            explained(
                "The store can be reached by other users of this machine, or is on a disk that keeps no rights.",
                "Take the rights of others away: mode 0700 for the folder, 0600 for the files in it. Where that does not help, use another disk."
            )
        case .notOurs:
            explained(
                "The store belongs to another user of this machine.",
                "Use a folder of your own, or run as the user it belongs to."
            )
        case .unfit:
            explained(
                "The store's folder or a file in it is a link, or no folder or file at all.",
                "Name the folder itself, and look at what is in it."
            )
        case .missing:
            explained(
                "The folder in which the store should be does not exist.",
                "Make that folder first, or name another."
            )
        case .forbidden:
            explained("The system does not let this user use the store.", "Name a folder that this user may write to.")
        case .readOnly:
            explained(
                "The disk with the store is read-only.",
                "Mount it for writing, or name a folder on another disk."
            )
        case .full: explained("The disk is full.", "Make room and try again.")
        case .busy:
            explained(
                "Another program is writing to the store.",
                "Wait until the other program is done and try again."
            )
        case .unsuitable(let call):
            explained(
                "The file system there has no {call}, without which a seed is not safe.",
                "Name a folder on another disk: one of this machine's own.",
                ["call": call]
            )
        case .failed(let errno):
            explained(
                "The system failed to read or write the store (error {errno}).",
                "Try again; if it stays so, check the disk.",
                ["errno": "\(errno)"]
            )
        case .membershipEnded:
            explained(
                "The time of the membership that the other device gave is over, by this device's clock.",
                "Check the date on both devices, then have a membership given that lasts longer."
            )
        case .membershipNotKept:
            explained(
                "This app can keep a seed, but no membership.",
                "Update this app, or give it the seed."
            )
        case .seed(let error): error.explanation
        case .app(let explanation, _): explanation
        }
    }

    /// The stable codes of the errors of a store. An error of the seed itself has a code of ``SeedError``. An app may
    /// add codes of its own.
    public struct Code: StableCode {
        /// The error's name in `Protocol/seed.md`.
        public let rawValue: String

        /// Makes an error's code from the error's name, such as `store-not-ours`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Another seed is stored, and the caller did not allow replacing it.
        public static let otherSeedStored = Self(rawValue: "other-seed-stored")
        /// Other users of the machine may enter the store's folder, or read or write a file in it.
        public static let openToOthers = Self(rawValue: "store-open-to-others")
        /// The store's folder, or a file in it, belongs to another user of the machine.
        public static let notOurs = Self(rawValue: "store-not-ours")
        /// The store's folder, or a file in it, is a symbolic link, or is neither a folder nor a regular file.
        public static let unfit = Self(rawValue: "store-unfit")
        /// The parent of the store's folder does not exist.
        public static let missing = Self(rawValue: "store-missing")
        /// The operating system does not let this user read or write in the store's folder.
        public static let forbidden = Self(rawValue: "store-forbidden")
        /// The file system with the store is read-only.
        public static let readOnly = Self(rawValue: "store-read-only")
        /// The disk is full.
        public static let full = Self(rawValue: "store-full")
        /// Another program is writing to the store.
        public static let busy = Self(rawValue: "store-busy")
        /// The file system lacks a system call that the store needs to save a seed durably.
        public static let unsuitable = Self(rawValue: "store-unsuitable")
        /// A system call failed with an error number (`errno`) that has no code of its own here.
        public static let failed = Self(rawValue: "store-failed")
        /// The time of a membership that was received is over, by this device's clock.
        public static let membershipEnded = Self(rawValue: "membership-ended")
        /// The store can keep a seed, but no membership.
        public static let membershipNotKept = Self(rawValue: "membership-not-kept")
    }

    /// The errors as the project's own code handles them. An app sees ``code`` in place of this enum, because a new
    /// case would break the `switch` statements of apps.
    package enum Kind: Equatable, Sendable {
        case otherSeedStored(stored: UserID, new: UserID), openToOthers, notOurs, unfit, missing, forbidden, readOnly,
            full
        case membershipEnded, membershipNotKept
        case busy, unsuitable(call: String), failed(errno: Int32), seed(SeedError)
        /// An error that an app's own store has made.
        case app(Explanation, retryHelps: Bool)
    }
}

// MARK: - Making errors

extension StoreError {
    /// Another seed is stored, and the caller did not allow replacing it.
    public static func otherSeedStored(stored: UserID, new: UserID) -> Self {
        Self(.otherSeedStored(stored: stored, new: new))
    }
    /// Other users of the machine may enter the store's folder, or read or write a file in it.
    public static var openToOthers: Self { Self(.openToOthers) }
    /// The store's folder, or a file in it, belongs to another user of the machine.
    public static var notOurs: Self { Self(.notOurs) }
    /// The store's folder, or a file in it, is a symbolic link, or is neither a folder nor a regular file.
    public static var unfit: Self { Self(.unfit) }
    /// The parent of the store's folder does not exist.
    public static var missing: Self { Self(.missing) }
    /// The operating system does not let this user read or write in the store's folder.
    public static var forbidden: Self { Self(.forbidden) }
    /// The file system with the store is read-only.
    public static var readOnly: Self { Self(.readOnly) }
    /// The disk is full.
    public static var full: Self { Self(.full) }
    /// Another program is writing to the store.
    public static var busy: Self { Self(.busy) }
    /// The file system lacks this system call, which the store needs to save a seed durably.
    public static func unsuitable(call: String) -> Self { Self(.unsuitable(call: call)) }
    /// A system call failed with this error number (`errno`), which has no error of its own here.
    public static func failed(errno: Int32) -> Self { Self(.failed(errno: errno)) }
    /// The time of a membership that was received is over, by this device's clock.
    public static var membershipEnded: Self { Self(.membershipEnded) }
    /// The store can keep a seed, but no membership.
    public static var membershipNotKept: Self { Self(.membershipNotKept) }
    /// The stored seed can't be read, or the new seed can't be encrypted under the passphrase.
    public static func seed(_ value: SeedError) -> Self { Self(.seed(value)) }

    /// An error of an app's own store, such as one of its keychain or database.
    ///
    /// ```swift
    /// .app(
    ///     "app-keychain-locked",
    ///     "The keychain is locked.",
    ///     advice: "Unlock this device, then try again.",
    ///     retryHelps: true
    /// )
    /// ```
    ///
    /// The pairing fails with this error, and the other device learns only that the seed was not stored.
    /// - Parameters:
    ///   - code: the error's name. It begins with `app-`, so that no later error of EasySetup has the same name.
    ///   - sentence: what happened. A parameter's name in braces stands for its value. The sentence must contain no
    ///     secret.
    ///   - advice: what a person can do.
    ///   - parameters: the values of the parameters in `sentence` and `advice`.
    ///   - retryHelps: whether the same call may succeed later, if nothing else changes.
    public static func app(
        _ code: String,
        _ sentence: String,
        advice: String,
        parameters: KeyValuePairs<String, String> = [:],
        retryHelps: Bool
    ) -> Self {
        let explanation = Explanation(key: code, sentence: sentence, advice: advice, parameters: parameters)
        return Self(.app(explanation, retryHelps: retryHelps))
    }
}
