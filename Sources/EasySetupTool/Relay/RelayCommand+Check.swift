import ArgumentParser
import EasySetupRelay
import EasySetupSeed
import Logging

extension RelayCommand {
    /// Reports what a relay with these settings would do. It listens nowhere, and connects to the Redis of a fleet alone.
    func check(_ output: Output) async throws {
        var configuration = configuration
        var findings: [RelayFinding] = []
        do throws(CommandError) {
            try fit(&configuration, to: OpenFiles.raiseLimit(), quiet(Logger(label: "easysetup.relay"), .critical))
            let connections = configuration.connectionLimits.connections
            if connections < OpenFiles.usualConnections || connections < (wantedConnections ?? 0) {
                let few = connections < OpenFiles.usualConnections ? "which are few" : "fewer than --limit connections"
                findings.append(
                    RelayFinding(
                        .warning,
                        .fewFiles,
                        "The relay would take \(connections) connections at a time, \(few).",
                        "Allow it more open files (LimitNOFILE), or more by --limit connections=NUMBER."
                    )
                )
            }
        } catch {
            findings.append(RelayFinding(.error, .fewFiles, error.description, error.advice))
        }
        if let file = Invocation.current?.file, !file.refusesLinks { findings += RelayCheck.findings(ofFile: file) }
        findings += passwordFindings
        findings += RelayCheck.findings(
            ofCeiling: configuration.memoryCeiling,
            memory: MachineMemory.bytes(),
            isChosen: memory != nil || !limit.isEmpty
        )
        // The surroundings come first, because with them this process takes the rights of the relay's user.
        let surroundings = RelayCheck.findings(ofSurroundings: configuration, keyFile: keyFile)
        let fleetFindings = await configuration.fleetFindings()
        let isOpenedElsewhere = surroundings.contains { $0.code == .fromServiceManager }
        let check = RelayCheck(
            settings: Invocation.current?.shown ?? [],
            file: config?.defaultValueDescription,
            findings: surroundings + configuration.findings(probesListen: !isOpenedElsewhere, probesAdmin: true)
                + findings + fleetFindings,
            connections: configuration.connectionLimits.connections,
            memoryCeiling: configuration.memoryCeiling
        )
        check.write(to: output)
        if check.errors > 0 { throw ExitCode(ExitCodes.code(for: "bad-setting")) }
        if check.warnings > 0 { throw ExitCode(ExitCodes.unsafeRelay) }
    }

    /// The warning that others can read the password of Redis.
    var passwordFindings: [RelayFinding] {
        guard let invocation = Invocation.current else { return [] }
        return RelayCheck.findings(
            ofPasswordIn: fleet.fleet,
            from: invocation.source(of: "fleet"),
            invocation.file
        )
    }
}
