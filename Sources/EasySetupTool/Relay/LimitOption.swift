import ArgumentParser
import EasySetupRelay

/// The option `--limit NAME=VALUE`.
struct LimitOption: ExpressibleByArgument {
    private let limit: NamedLimit
    private let value: Int

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        var trial = RelayConfiguration()
        guard parts.count == 2, let limit = NamedLimit(named: String(parts[0])), let value = Int(parts[1]),
            limit.set(value, in: &trial)
        else { return nil }
        self.limit = limit
        self.value = value
    }

    func apply(to configuration: inout RelayConfiguration) {
        // The value was checked when the option was parsed, so this succeeds.
        _ = limit.set(value, in: &configuration)
    }
}
