public import ArgumentParser
public import EasySetupRelay

extension ListenAddress: ExpressibleByArgument {
    /// As ``init(_:)`` reads it.
    public init?(argument: String) {
        self.init(argument)
    }
}
