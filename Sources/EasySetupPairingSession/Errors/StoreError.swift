public import EasySetupSeed

/// The reason why a seed could not be loaded or stored (`Protocol/seed.md`, "Errors").
public enum StoreError: ExplainedError, Equatable {
    /// Another seed is stored, and the caller did not allow replacing it.
    case otherSeedStored(stored: UserID, new: UserID)
    /// Other users may enter the store's folder, or read or write a file in it.
    case openToOthers
    /// The folder, or a file in it, belongs to another user of the machine.
    case notOurs
    /// The store's folder, or a file in it, is a symbolic link, or is neither a folder nor a regular file.
    case unfit
    /// The parent of the store's folder does not exist.
    case missing
    /// The system does not let this user read or write in the store's folder.
    case forbidden
    /// The disk is full.
    case full
    /// Another program is writing to the store.
    case busy
    /// The file system does not support `call`, a system call that durable storing needs.
    case unsuitable(call: String)
    /// A system call failed with another error number (`errno`).
    case failed(errno: Int32)
    /// The stored seed can't be read, or the new seed can't be sealed (encrypted under the passphrase).
    case seed(SeedError)
}

extension StoreError {
    /// The error's name in `Protocol/seed.md`.
    public var name: String {
        switch self {
        case .otherSeedStored: "other-seed-stored"
        case .openToOthers: "store-open-to-others"
        case .notOurs: "store-not-ours"
        case .unfit: "store-unfit"
        case .missing: "store-missing"
        case .forbidden: "store-forbidden"
        case .full: "store-full"
        case .busy: "store-busy"
        case .unsuitable: "store-unsuitable"
        case .failed: "store-failed"
        case .seed(let error): error.name
        }
    }

    /// A sentence that says what happened.
    public var description: String {
        switch self {
        case .otherSeedStored(let stored, let new):
            "The store holds the seed of chain \(stored.fingerprint), and this one is of chain \(new.fingerprint)."
        case .openToOthers:
            "The store can be reached by other users of this machine, or is on a disk that keeps no rights."
        case .notOurs: "The store belongs to another user of this machine."
        case .unfit: "The store's folder or a file in it is a link, or no folder or file at all."
        case .missing: "The folder in which the store should be does not exist."
        case .forbidden: "The system does not let this user use the store."
        case .full: "The disk is full."
        case .busy: "Another program is writing to the store."
        case .unsuitable(let call): "The file system there has no \(call), without which a seed is not safe."
        case .failed(let errno): "The system failed to read or write the store (error \(errno))."
        case .seed(let error): error.description
        }
    }

    /// A sentence that says what to do next.
    public var advice: String {
        switch self {
        case .otherSeedStored:
            "Keep what is stored, choose another store, or say explicitly that it may be replaced; a copy is kept then."
        case .openToOthers:
            "Take the rights of others away: mode 0700 for the folder, 0600 for the files in it. Where that does not help, use another disk."
        case .notOurs: "Use a folder of your own, or run as the user it belongs to."
        case .unfit: "Name the folder itself, and look at what is in it."
        case .missing: "Make that folder first, or name another."
        case .forbidden: "Name a folder that this user may write to."
        case .full: "Make room and try again."
        case .busy: "Wait until the other program is done and try again."
        case .unsuitable: "Name a folder on another disk: one of this machine's own."
        case .failed: "Try again; if it stays so, check the disk."
        case .seed(let error): error.advice
        }
    }

    /// Whether the same call may succeed later without any change.
    public var retryHelps: Bool {
        switch self {
        case .busy, .failed: true
        case .seed(let error): error.retryHelps
        case .otherSeedStored, .openToOthers, .notOurs, .unfit, .missing, .forbidden, .full, .unsuitable: false
        }
    }
}
