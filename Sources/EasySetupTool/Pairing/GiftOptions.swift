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

    func validate() throws {
        guard only != nil || (!readOnly && until == nil) else {
            throw ValidationError(
                "--read-only and --until need --only: the seed can't be given for reading or for a time."
            )
        }
        _ = try names
        try checkDay(today: UTCDate(seconds: UInt64(max(0, time(nil)))))
    }

    /// Whether a membership is to be given, and not the seed.
    var isMembership: Bool { only != nil }

    /// The newest generations of collections, which the chain's store knows. Without a chain every collection is at its
    /// first.
    typealias Generations = @Sendable (SyncSeed, [CollectionName]) async throws -> [CollectionName: UInt32]

    /// The gift of a device with this seed.
    /// - Throws: ``ChainError/Code/membershipTooLarge``.
    func gift(of seed: SyncSeed, generations: Generations = { _, _ in [:] }) async throws -> Gift {
        let names = try names
        guard !names.isEmpty else { return .seed }
        return .membership(
            try GivenMembership(
                collections: Dictionary(uniqueKeysWithValues: names.map { ($0, !readOnly) }),
                generations: try await generations(seed, names),
                notAfter: until.flatMap { UTCDate($0)?.lastSecond } ?? 0,
                of: seed
            )
        )
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
