import ArgumentParser
import EasySetupRelay

/// The option `--limit NAME=VALUE`.
struct LimitOption {
    private let limit: NamedLimit
    var name: String { limit.name }
    private let value: Int

    /// - Throws: `ValidationError`, which says whether the form, the name or the value is wrong. A limit is no secret,
    ///   so the message may repeat its name.
    init(argument: String) throws {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let value = Int(parts[1]) else {
            throw ValidationError("A limit is set as NAME=VALUE, with a whole number.")
        }
        let name = String(parts[0])
        guard let limit = NamedLimit(named: name) else {
            guard let own = Self.options[name] else {
                let near = Nearest.name(to: name, among: NamedLimit.all.map(\.name) + Self.options.keys)
                throw ValidationError(
                    "No limit has that name" + (near.map { ". Did you mean \($0)?" } ?? ": limits.md has their names.")
                )
            }
            throw ValidationError("\(name) is set by \(own).")
        }
        guard limit.range.contains(value) else {
            let unit = limit.isTime ? " seconds" : ""
            throw ValidationError("\(name) is \(limit.range.lowerBound) to \(limit.range.upperBound)\(unit).")
        }
        self.limit = limit
        self.value = value
    }

    /// The limits that have an option of their own.
    private static let options = ["codeLifetime": "--code-lifetime", "drainTime": "--drain-time"]

    func apply(to configuration: inout RelayConfiguration) {
        // The value is in the limit's range, so this succeeds.
        _ = limit.set(value, in: &configuration)
    }
}
