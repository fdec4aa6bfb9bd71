import EasySetup
import EasySetupPairingSession
import EasySetupSeed

/// The report of a command on the copy of a seed that it has removed or replaced.
struct CopyReport {
    let copy: FileSeedStore.SeedCopy
    /// The restore code that opens the copy; nil if the copy is plain, or sealed as the seed was.
    let code: String?

    /// Warns where the restore code goes to a file that other users may read.
    func warn() {
        if code != nil { OutputFile.warn() }
    }

    /// The members of the JSON event.
    var fields: [(String, JSONValue)] {
        [("copy", .string(copy.path)), ("kept_until", .string(copy.lastDay))]
            + (code.map { [("restore_code", .string($0))] } ?? [])
    }

    /// The lines for people.
    var lines: [String] {
        let kind =
            switch copy.kind {
            case .sealed: "A sealed copy"
            case .plain, nil: "A copy, which is as secret as the seed and not sealed,"
            @unknown default: "A copy"
            }
        let kept = "\(kind) is kept for \(FileSeedStore.copyDays) days, until \(copy.lastDay):"
        let back = "easysetup seed restore brings it back"
        guard let code else { return [kept, copy.path, "\(back). \(opened)"] }
        return [
            kept, copy.path, "\(back), and asks for this restore code:", "", "    \(code)", "",
            "Write the code down now. It is shown only here, and nobody can open the copy without it.",
        ]
    }

    private var opened: String {
        copy.kind == .sealed ? "It is sealed under the passphrase that the seed was sealed under." : ""
    }
}

extension FileSeedStore.SeedCopy {
    /// The day from which the copy may be removed, in UTC, as 2026-12-29.
    var lastDay: String {
        let (year, month, day) = Calendar.date(keptUntil / 86_400)
        return "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
    }
}
