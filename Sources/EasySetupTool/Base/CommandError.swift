import EasySetupChain
import EasySetupSeed

/// Errors of the command line itself; other errors are declared where they occur.
enum CommandError: ExplainedError, Equatable {
    /// The kind of answer that a command needs from a person. The error's advice names other ways to give the answer.
    enum Need: CaseIterable {
        /// A yes, which an option can give beforehand.
        case yes
        /// The code or link of the other device.
        case code
        /// A word from the other device's screen, which no option can give beforehand.
        case word
        case passphrase
        /// Whether to make a new seed or to receive one.
        case firstSeed
        /// The user ID of the seed that is to be removed.
        case userID
        /// Whether another seed takes the place of the stored one.
        case replacement
        /// Whether something of the chain is deleted.
        case deletion
    }

    /// The arguments are wrong.
    case usage
    /// A fault of this program.
    case `internal`
    /// The person ended a question by Control-C or Control-D, or gave nothing.
    case stopped
    /// The person was asked and did not say yes.
    case notConfirmed
    /// A command needs a stored seed, and none is stored.
    case noSeedStored
    /// `seed new` was run where a seed is stored already.
    case seedStored(UserID)
    /// A command needs a stored seed, and a membership is stored in its place.
    case membershipStored(AccessScope)
    /// `seed import` was given a public identifier of the stored seed (its user ID or fingerprint) in place of a seed.
    case publicIDGiven
    /// All bytes of the given seed are equal.
    case seedGuessable
    /// The user ID that was given is not that of the stored seed.
    case fingerprintDiffers
    /// The restore code that was given does not open the copy of a seed.
    case wrongRestoreCode
    /// The given text opens a copy neither as its passphrase nor as its restore code, whose form it does not have.
    case copyNotOpened
    /// There is no copy of a seed, or none of this name.
    case noCopy
    /// There are several copies, and the command does not say which one is meant.
    case severalCopies
    /// A recovery phrase or a seed link was given in place of a code or link.
    case seedGiven
    /// The passphrase file can't be read.
    case passphraseFile
    /// Everybody may read the passphrase file, or users other than its owner may write it.
    case passphraseFileOpen
    /// A new passphrase was typed twice, and the two differ.
    case passphrasesDiffer
    /// The command must ask a question, but there is no terminal and no other input for the answer.
    case nobodyToAsk(Need)
    /// Standard input can't be read.
    case inputFailed
    /// Standard output could not be written.
    case outputFailed
    /// The listing of a store can't be read.
    case listingFailed
    /// The listing of a store is larger than the program holds.
    case listingTooLarge
    /// The system allows a relay fewer open files than it needs to serve anybody.
    case tooFewFiles(allowed: Int, least: Int)
}

extension CommandError {
    var name: String {
        switch self {
        case .usage: "usage"
        case .internal: "internal"
        case .stopped: "cancelled-here"
        case .notConfirmed: "not-confirmed"
        case .noSeedStored: "no-seed-stored"
        case .seedStored: "seed-stored"
        case .membershipStored: "membership-stored"
        case .publicIDGiven: "public-id-given"
        case .seedGuessable: "seed-guessable"
        case .fingerprintDiffers: "fingerprint-differs"
        case .wrongRestoreCode: "wrong-restore-code"
        case .copyNotOpened: "copy-not-opened"
        case .noCopy: "no-copy"
        case .severalCopies: "several-copies"
        case .seedGiven: "seed-given"
        case .passphraseFile: "passphrase-file"
        case .passphraseFileOpen: "passphrase-file-open-to-others"
        case .passphrasesDiffer: "passphrases-differ"
        case .nobodyToAsk: "nobody-to-ask"
        case .inputFailed: "input-failed"
        case .outputFailed: "output-failed"
        case .listingFailed: "listing-failed"
        case .listingTooLarge: "listing-too-large"
        case .tooFewFiles: "too-few-files"
        }
    }

    var description: String {
        switch self {
        case .usage: "The arguments are wrong."
        case .internal: "Something went wrong inside the program."
        case .stopped: "You stopped."
        case .notConfirmed: "Nothing was done: it was not confirmed."
        case .noSeedStored: "No seed is stored there."
        case .seedStored(let userID): "The store holds a seed already, with the user id \(userID.fingerprint)."
        case .membershipStored(let scope): "The store holds a membership, and not the seed: \(scope.text)."
        case .publicIDGiven:
            "What was given is the user id of the stored seed, or its key's fingerprint: both are public, and no seed."
        case .seedGuessable: "All 32 bytes of that seed are the same, so everybody can guess it. It was not stored."
        case .fingerprintDiffers: "The stored seed has another user id, so it was not removed."
        case .wrongRestoreCode: "The restore code does not open the copy."
        case .copyNotOpened:
            "The passphrase does not open the copy, and it is no restore code, which has 20 letters and digits."
        case .noCopy: "There is no such copy of a seed."
        case .severalCopies: "There are several copies, and it is not clear which one is meant."
        case .seedGiven: "That is a recovery phrase or a seed link, and no code: a secret that no other device needs."
        case .passphraseFile: "The passphrase file can't be read."
        case .passphraseFileOpen: "Other users of this machine may read or write the passphrase file."
        case .passphrasesDiffer: "The two passphrases differ."
        case .nobodyToAsk: "Something must be asked, and nobody is there to answer."
        case .inputFailed: "Standard input can't be read."
        case .outputFailed: "Standard output could not be written, at least not all of it."
        case .listingFailed: "The listing can't be read."
        case .listingTooLarge: "The listing is larger than this program holds."
        case .tooFewFiles(let allowed, let least):
            "The system allows this relay \(allowed) open files, and it needs at least \(least)."
        }
    }

    var advice: String {
        switch self {
        case .usage: "Run easysetup --help."
        case .internal: "Run it again with --log-level trace, and report what it says."
        case .stopped: "Start again when you like."
        case .notConfirmed: "Run it again if that is what you want."
        case .noSeedStored: "Make one with easysetup seed new, or import one with easysetup seed import."
        case .seedStored:
            "Use it, name another store with --store, or run easysetup seed remove first: a sealed copy is kept for 30 days."
        case .membershipStored:
            "Use the device that gave it. To leave its chain with this device, run easysetup seed remove."
        case .publicIDGiven: "Give the recovery phrase, the seed link, or the hex or base64 of a seed."
        case .seedGuessable: "Make a seed with easysetup seed new, or look again at what wrote this one."
        case .wrongRestoreCode:
            "Compare it with what you have written down: it is the code that was shown when this copy was made."
        case .copyNotOpened: "Try the passphrase again, or the restore code that was shown when the copy was made."
        case .fingerprintDiffers: "Run easysetup seed show, and look whether this is the right store."
        case .noCopy: "Run easysetup seed copies to see which there are. Copies are kept for 30 days."
        case .severalCopies: "Run easysetup seed copies, and name one of them with --user-id."
        case .seedGiven:
            "Nothing was sent. Clear this screen. To keep that seed on this device, run easysetup seed import."
        case .passphraseFile: "Check the file's name and rights."
        case .passphraseFileOpen: "Take their rights away: mode 0600, or 0640 for a group of a service's own."
        case .passphrasesDiffer: "Try again."
        case .nobodyToAsk(let need):
            switch need {
            case .yes: "\(Self.asked), or say yes beforehand with --yes."
            case .code: "\(Self.asked), or name the code or link as an argument."
            case .word: "\(Self.asked): it is one of the two words on the other screen."
            case .firstSeed:
                "\(Self.asked), or say it beforehand: --new makes a new seed, --receive gets it from the other device."
            case .userID: "Run it on a terminal (docker run -it, ssh -t), or name the seed with --user-id."
            case .replacement, .deletion:
                "Run it on a terminal (docker run -it, ssh -t), or say yes beforehand with --yes."
            case .passphrase: "Run it on a terminal (docker run -it, ssh -t), or name a file with --passphrase-file."
            }
        case .inputFailed: "Check what standard input is connected to."
        case .outputFailed:
            "What was done is done. Check the disk or the program that reads the output, and ask for it again."
        case .listingFailed:
            "Check the file's name and rights. A seed is never an argument: write it to standard input."
        case .listingTooLarge: "Give it in pieces, such as one for each category."
        case .tooFewFiles: "Allow it more (ulimit -n, or LimitNOFILE in systemd): one for each connection."
        }
    }

    var retryHelps: Bool { self == .stopped }

    private static let asked =
        "Run it on a terminal (docker run -it, ssh -t), or with --json and the answer on standard input"
}
