import EasySetupChain
import EasySetupSeed

/// Errors of the commands of a chain that neither the chain nor the argument parser finds.
enum ChainUsage: ExplainedError, Equatable {
    /// The calls that a person can stop.
    enum Call: CaseIterable {
        /// A call that only reads.
        case reading
        /// A call that writes or deletes.
        case writing
    }

    /// Neither a service nor a bucket is named.
    case placeMissing
    /// Collections are to be given on a device that is in a chain, and neither a service nor a bucket is named.
    case giftPlaceMissing
    /// A service and a bucket are named at the same place.
    case twoPlaces
    /// The bucket's address can't be read.
    case badBucket
    /// The bucket's address has a user name or a password.
    case bucketSecret
    /// The service's address has a user name or a password.
    case serviceSecret
    /// The bucket or the service is at another machine, by a connection without TLS that nobody has allowed.
    case placePlain
    /// The file with the invitation can't be read, or others may read it.
    case invitationFile
    /// The chain has another user id than was given.
    case otherUserID
    /// The variables with the keys of the bucket are not set.
    case keysMissing
    /// An object is not named as COLLECTION/OBJECT.
    case badObject
    /// The value at standard input is larger than any write.
    case valueTooLarge
    /// The object has no attribute of the name.
    case attributeMissing
    /// No device of the chain has the id, its beginning or the name.
    case deviceUnknown
    /// Several devices have the name, or ids that begin so.
    case severalDevices
    /// A device that is in no list is to be removed, and what is given is no whole id.
    case badDeviceID
    /// A request is not named as DEVICE/COLLECTION.
    case badRequest
    /// There is no open request of this device for this collection.
    case requestUnknown
    /// The device is to be removed and holds the seed.
    case deviceHoldsSeed
    /// This device holds the seed, and asks for a collection.
    case asksWithSeed
    /// The file with this device's id can't be read.
    case deviceFileDamaged
    /// A person stopped the command.
    case stopped(Call)

    var name: String {
        switch self {
        case .placeMissing, .giftPlaceMissing: "chain-place-missing"
        case .twoPlaces: "usage"
        case .badBucket, .bucketSecret: "bucket-address"
        case .serviceSecret: ChainError.Code.serviceAddress.rawValue
        case .placePlain: "chain-place-plain"
        case .invitationFile: "invitation-file"
        case .otherUserID: "fingerprint-differs"
        case .keysMissing: "bucket-keys-missing"
        case .badObject: "usage"
        case .valueTooLarge: "record-too-large"
        case .attributeMissing: "attribute-missing"
        case .deviceUnknown: "device-unknown"
        case .severalDevices: "several-devices"
        case .badDeviceID: "usage"
        case .badRequest: "usage"
        case .requestUnknown: "request-unknown"
        case .deviceHoldsSeed, .asksWithSeed: "device-holds-seed"
        case .deviceFileDamaged: "device-file-damaged"
        case .stopped: "cancelled-here"
        }
    }

    var description: String {
        switch self {
        case .placeMissing: "It is not said where the chain's store is."
        case .giftPlaceMissing: "This device is in a chain, and it is not said where the chain's store is."
        case .twoPlaces: "Both a service and a bucket are named, and a chain is at one of them."
        case .badBucket: "This is no address of a bucket."
        case .bucketSecret: "A bucket's address has no user name and no password."
        case .serviceSecret: "A service's address has no user name and no password."
        case .invitationFile: "The file with the invitation can't be read."
        case .otherUserID: "The chain has another user id, so nothing was deleted."
        case .placePlain: "This address leads to another machine without encryption of the connection."
        case .keysMissing: "The keys of the bucket are not given."
        case .badObject: "An object is named by its collection, a slash and its id, such as notes/1."
        case .valueTooLarge: "The value is larger than the \(RecordLimits.valueBytes) bytes of a write."
        case .attributeMissing: "The object has no attribute of this name."
        case .deviceUnknown: "No device of the chain has this id or name."
        case .severalDevices: "Several devices have this name, or ids that begin so."
        case .badDeviceID: "This is no whole id of a device."
        case .badRequest: "A request is named by its device, a slash and the collection, such as phone/notes."
        case .requestUnknown: "There is no open request of this device for this collection."
        case .deviceHoldsSeed: "That device holds the seed, so it can't be shut out of this chain."
        case .asksWithSeed: "This device holds the seed, so it has every collection."
        case .deviceFileDamaged: "The file that has this device's id in the chain is damaged."
        case .stopped(.reading): "You stopped."
        case .stopped(.writing): "You stopped. The last write may be in the store or not."
        }
    }

    var advice: String {
        switch self {
        case .placeMissing:
            """
            Name the service once for all: easysetup config service https://HOST. With a bucket of your own: \
            easysetup config bucket https://HOST/BUCKET.
            """
        case .giftPlaceMissing:
            """
            The store has the newest keys. Name it with --service or --bucket, or once for all: easysetup config service \
            https://HOST. If the chain is new there, pass --new-chain, and its first keys are given.
            """
        case .twoPlaces: "Give one of --service and --bucket. easysetup config shows which is set where."
        case .badBucket:
            "Write https://HOST/BUCKET or https://HOST:PORT/BUCKET, and ?region=NAME behind it where the store has regions."
        case .bucketSecret: "Take them out, and give the keys by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        case .serviceSecret: "Take them out: this device signs its requests with what it holds."
        case .invitationFile: "Check its name, and that nobody but its owner may read and write it (mode 0600)."
        case .otherUserID: "Run easysetup chain status, and look whether this is the right store."
        case .placePlain: "Use https, or pass --allow-plain on a network of your own."
        case .keysMissing:
            "Set the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and for a session AWS_SESSION_TOKEN."
        case .badObject: "Write COLLECTION/OBJECT. easysetup chain list shows the collections."
        case .valueTooLarge: "Nothing was sent. Keep large content elsewhere, and write where it is."
        case .attributeMissing: "Run easysetup chain list with the collection to see what each object has."
        case .deviceUnknown: "Run easysetup chain devices to see them."
        case .severalDevices: "Run easysetup chain devices, and give the whole id."
        case .badDeviceID: "An id has 11 characters. It was shown when the collections were given."
        case .badRequest, .requestUnknown: "Run easysetup chain requests to see them."
        case .deviceHoldsSeed:
            """
            Nothing but a new seed helps: easysetup chain renew makes one, and carries everything over. If the device is gone \
            for good, --gone takes it off the list.
            """
        case .asksWithSeed: "Use the collection. Only a device that was given some collections has to ask for others."
        case .deviceFileDamaged:
            "Delete the file chain.device in the folder of the seed. This device then joins anew, as another one."
        case .stopped(.reading): "Start again when you like."
        case .stopped(.writing): "Do it again: what is there already stays as it is."
        }
    }

    var retryHelps: Bool {
        if case .stopped = self { true } else { false }
    }
}
