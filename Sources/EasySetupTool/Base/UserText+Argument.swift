public import ArgumentParser
public import EasySetupSeed

extension UserText: ExpressibleByArgument {
    /// Takes the bytes of an argument, whether they are UTF-8 or not.
    public convenience init?(argument: String) {
        var bytes = PathArgument(argument: argument).bytes
        self.init(SecretBytes(wiping: &bytes))
    }
}
