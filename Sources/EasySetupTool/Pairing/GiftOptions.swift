import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The options of `offer` and `join` about what a device with a seed gives.
struct GiftOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Give the other device only these collections, and not the seed: their names, with commas between them.",
            valueName: "names"
        )
    )
    var only: String?

    @Flag(help: "With --only: the other device may read the collections, and not write there.")
    var readOnly = false

    @Option(
        help: ArgumentHelp(
            "With --only: the last day on which the other device may use them, in UTC, as 2027-01-31.",
            valueName: "date"
        )
    )
    var until: String?

    @Flag(help: "With --only: the chain has nothing in a store yet, so its first keys are given and no store is asked.")
    var newChain = false

    @OptionGroup var target: ChainTargetOptions

    func validate() throws {
        guard only != nil || (!readOnly && until == nil && !newChain) else {
            throw ValidationError(
                "--read-only, --until and --new-chain need --only: the seed can't be given for reading or for a time."
            )
        }
        _ = try names
        try checkDay(today: UTCDate(seconds: UInt64(max(0, time(nil)))))
    }

    /// Whether a membership is to be given, and not the seed.
    var isMembership: Bool { only != nil }

    /// The gift of a device with this seed. Where the chain's store is known, the collections and the device are noted there, and
    /// the gift has their newest keys. Otherwise it has their first keys, as it must in a chain that has no store yet. Who runs a
    /// program is told the id of the device that gets a membership.
    /// - Parameters:
    ///   - store: the folder of the seed.
    ///   - pairing: the device's name and whom it trusts.
    /// - Throws: ``ChainError/Code/membershipTooLarge``, ``ChainUsage/giftPlaceMissing``, and the errors of the chain's store.
    func gift(
        of seed: SyncSeed,
        _ store: StoreOptions,
        _ pairing: PairingOptions,
        _ output: Output
    ) async throws -> MadeGift {
        let names = try names
        guard !names.isEmpty else { return MadeGift(.seed) }
        let notAfter = until.flatMap { UTCDate($0)?.lastSecond } ?? 0
        let made = try await membership(names, notAfter, of: seed, store, pairing, output)
        output.event(
            "membership-made",
            [("device", made.gift.device.map { .string($0.text) } ?? .null)] + made.gift.scope.fields,
            people: nil
        )
        return made
    }

    private func membership(
        _ names: [CollectionName],
        _ notAfter: UInt64,
        of seed: SyncSeed,
        _ store: StoreOptions,
        _ pairing: PairingOptions,
        _ output: Output
    ) async throws -> MadeGift {
        guard !newChain, target.service != nil || target.bucket != nil else {
            // The first keys may be known to a device that was removed since.
            let joined = try await ChainDeviceFile.find(store.folder.bytes, of: seed.userID)?.name
            guard newChain || joined == nil else { throw ChainUsage.giftPlaceMissing }
            let collections = Dictionary(uniqueKeysWithValues: names.map { ($0, !readOnly) })
            return MadeGift(.membership(try GivenMembership(collections: collections, notAfter: notAfter, of: seed)))
        }
        var options = ChainOptions()
        (options.store, options.name, options.newChain) = (store, pairing.name, false)
        options.place = ChainPlaceOptions()
        (options.place.target, options.place.invitationFile) = (target, nil)
        (options.place.caFile, options.place.allowPlain) = (pairing.target.caFile, pairing.allowPlain)
        defer { output.onStop(nil) }
        // The other device needs no place in the chain before it has joined, and neither does this one.
        let session = try await ChainSession.open(options, .giving, holder: .seed(seed), output)
        let membership = try await session.chain.membership(
            for: Dictionary(uniqueKeysWithValues: names.map { ($0.text, !readOnly) }),
            until: notAfter
        )
        let place = options
        return MadeGift(.membership(try GivenMembership(membership))) {
            // Others of this device's calls have their turns meanwhile, so it is opened anew.
            let session = try? await ChainSession.open(place, .leaving, holder: .seed(seed), output)
            try? await session?.chain.takeBack(membership)
            output.onStop(nil)
        }
    }

    /// The names of the collections; empty without `--only`.
    private var names: [CollectionName] {
        get throws {
            guard let only else { return [] }
            let names = try only.split(separator: ",", omittingEmptySubsequences: false).map { text in
                do throws(ChainError) {
                    return try CollectionName(String(text))
                } catch {
                    throw ValidationError(
                        "--only names collections, with commas between them. A name has 1 to 64 of a to z, 0 to 9, '.', '_' and '-'."
                    )
                }
            }
            guard Set(names).count == names.count else { throw ValidationError("--only names a collection twice.") }
            return names
        }
    }

    /// - Parameter today: the present day, before which nothing can end.
    private func checkDay(today: UTCDate) throws {
        guard let until else { return }
        guard let day = UTCDate(until) else { throw ValidationError("--until is a day, such as 2027-01-31.") }
        guard day.firstSecond >= today.firstSecond else { throw ValidationError("The day of --until is over.") }
    }
}

extension AccessScope {
    /// The sentence that says what a device gets; nil for the seed, which needs none.
    func sentence(_ beginning: String) -> String? {
        switch self {
        case .everything: nil
        case .collections: "\(beginning): \(text). Not the seed."
        }
    }

    /// The members of an event that say what a device gets; none for the seed.
    var fields: [(String, JSONValue)] {
        guard case .collections(let rights, let notAfter) = self else { return [] }
        let names = rights.keys.map(\.text).sorted()
        let writable = rights.filter(\.value).keys.map(\.text).sorted()
        return [
            ("collections", .list(names.map(JSONValue.string))), ("writable", .list(writable.map(JSONValue.string))),
            ("until", notAfter == 0 ? .null : .string("\(UTCDate(seconds: notAfter))")),
        ]
    }
}
