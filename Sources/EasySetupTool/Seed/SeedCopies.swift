import ArgumentParser
import EasySetup
import Logging

/// `easysetup seed copies`: lists the copies of replaced and removed seeds.
struct SeedCopies: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copies",
        abstract: "Lists the copies of replaced and removed seeds.",
        discussion: "A copy is kept for 30 days. easysetup seed restore brings one back."
    )

    @OptionGroup var store: StoreFolder
    @OptionGroup var common: CommonOptions
    @OptionGroup var nothing: NoArguments

    func run() async throws {
        try await common.run { output in
            let store = FileSeedStore(path: try store.folder.bytes)
            await store.forgetOldCopies()
            let copies = try await store.copies()
            guard !copies.isEmpty || output.form == .json else { return output.say("There are no copies.") }
            for copy in copies {
                output.event("copy", copy.fields, people: "\(copy.title), kept until \(copy.lastDay):\n  \(copy.path)")
            }
        }
    }
}

extension FileSeedStore {
    /// Removes the copies that are too old, and says so in the log. A store that can't be written keeps them.
    func forgetOldCopies() async {
        guard let count = try? await removeExpiredCopies(), count > 0 else { return }
        Logger(label: "easysetup.store").notice(
            "removed copies of replaced or removed seeds that were \(Self.copyDays) days old",
            metadata: ["count": "\(count)"]
        )
    }
}

extension FileSeedStore.SeedCopy {
    fileprivate var fields: [(String, JSONValue)] {
        [
            ("name", .string(name)), ("copy", .string(path)), ("kind", kindName.map(JSONValue.string) ?? .null),
            ("kept_until", .string(lastDay)),
        ]
    }

    private var kindName: String? {
        switch kind {
        case .plain: "plain"
        case .sealed: "sealed"
        case nil: nil
        @unknown default: nil
        }
    }

    fileprivate var title: String {
        switch kind {
        case .plain: "\(name), not sealed"
        case .sealed: "\(name), sealed"
        case nil: "\(name), damaged"
        @unknown default: name
        }
    }
}
