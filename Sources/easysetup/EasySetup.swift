import ArgumentParser

@main struct EasySetup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "easysetup",
        abstract: "Adds a device by a short code."
    )
}
