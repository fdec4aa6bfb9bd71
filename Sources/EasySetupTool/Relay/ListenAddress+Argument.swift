public import ArgumentParser
public import EasySetupRelay

extension ListenAddress: ExpressibleByArgument {
    /// Parses the argument like ``init(_:)``.
    public init?(argument: String) {
        self.init(argument)
    }
}
