import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupS3
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A call of a command to its chain: what this device holds, where the store is, and the chain itself.
final class ChainSession: Sendable {
    let holder: ChainAccess
    let connection: ChainConnection
    let chain: Chain
    let device: DeviceID
    /// The name under which the device is in the chain; nil if it has not joined.
    let name: String?
    /// The folder of this device's files.
    let files: PrivateFiles
    /// The turn of a call that writes. One device writes one thing at a time: two programs with one id could otherwise give
    /// two records the same stamp.
    private let hold: PrivateFiles.Hold?

    private init(
        holder: ChainAccess,
        connection: ChainConnection,
        chain: Chain,
        device: DeviceID,
        name: String?,
        files: PrivateFiles,
        hold: consuming PrivateFiles.Hold?
    ) {
        self.holder = holder
        self.connection = connection
        self.chain = chain
        self.device = device
        self.name = name
        self.files = files
        self.hold = hold
    }

    /// The way in which a command uses the chain.
    enum Use {
        /// It reads. The device joins first if it has not.
        case reading
        /// It writes. The device joins first if it has not.
        case writing
        /// It writes, and the device does not join.
        case leaving
        /// It reads, and the device does not join.
        case looking
        /// It makes a membership for another device, also in a chain that no device has joined yet.
        case giving

        /// The call that a person stops.
        var call: ChainUsage.Call { self == .reading || self == .looking ? .reading : .writing }

        /// Whether the device joins.
        var joins: Bool { self == .reading || self == .writing }
    }

    /// The file of this device in the chain; nil if there is none, or only that of a device that this one was before it got
    /// another membership, or the seed.
    static func deviceFile(_ folder: [UInt8], of holder: ChainAccess) async throws -> ChainDeviceFile? {
        let file = try await ChainDeviceFile.find(folder, of: holder.userID)
        guard let file else { return nil }
        guard let device = holder.device else { return file.isMember ? nil : file }
        return file.device == device ? file : nil
    }

    /// Opens a chain.
    /// - Parameters:
    ///   - options: the options of the command.
    ///   - use: the way in which the command uses the chain.
    ///   - holder: the keys that this device holds, if the command has them already.
    static func open(
        _ options: ChainOptions,
        _ use: Use,
        holder: ChainAccess? = nil,
        _ output: Output
    ) async throws -> ChainSession {
        let place = try options.place.place()
        let name = try options.deviceName.description
        var opened = holder
        if opened == nil { opened = try await options.holder(output) }
        guard let holder = opened else { throw CommandError.noSeedStored }
        let folder = try options.store.folder.bytes
        let files = PrivateFiles(path: folder)
        // Until the place of the store is known nothing is written.
        output.onStop(.reading)
        // Where there is nothing of the chain yet, a call that only looks or takes away makes nothing.
        let connection = try await ChainConnection.open(
            options.place,
            holder,
            files,
            asks: use.joins || use == .giving,
            output
        )
        // A question may have been asked meanwhile.
        output.onStop(use.call)
        var hold: PrivateFiles.Hold?
        if use.call == .writing { hold = try await turn(files) }
        var file = try await deviceFile(folder, of: holder)
        let today = time(nil) / 86_400
        let isThere = { (file: ChainDeviceFile?) in file?.isJoined(as: name, at: place.key) ?? false }
        let joins = use.joins && !(isThere(file) && file?.isSeen(on: today) == true)
        if joins, hold == nil {
            hold = try await turn(files)
            // Another call may have joined meanwhile.
            file = try await deviceFile(folder, of: holder)
        }
        var known = file
        if joins, known == nil {
            let before = try await ChainDeviceFile.find(folder, of: holder.userID)
            known = try await ChainDeviceFile.make(files, of: holder.userID, device: holder.device, before: before)
        }
        let device = known?.device ?? holder.device ?? .random()
        let chain = holder.chain(
            device: device,
            store: connection.store,
            await KeptMemory.read(files, of: holder.userID)
        )
        if options.newChain { await chain.allowEmptyStore() }
        if joins, var joining = known {
            if !isThere(joining) {
                try await chain.join(name: name, platform: Platform.current.rawValue)
                if joining.name == nil { tellJoined(name, device, output) }
            } else if !joining.isSeen(on: today), try await !chain.touch() {
                // Another device has deleted this one's record.
                try await chain.join(name: name, platform: Platform.current.rawValue)
            }
            for device in await chain.departed { try? await connection.service?.revoke(device) }
            for former in joining.former { try await end(former, holder, chain, connection) }
            try await joining.joined(as: name, at: place.key, seen: today)
            known = joining
            if use == .reading { hold = nil }
        }
        return ChainSession(
            holder: holder,
            connection: connection,
            chain: chain,
            device: device,
            name: known?.name,
            files: files,
            hold: hold
        )
    }

    /// Ends a membership that this device had before. The service is told, too, where this device may do that.
    private static func end(
        _ former: Former,
        _ holder: ChainAccess,
        _ chain: Chain,
        _ connection: ChainConnection
    ) async throws {
        guard let device = DeviceID(text: former.device), device != holder.device else { return }
        // Whatever the service answers: the old keys are gone with the old membership.
        if holder.seed != nil { try? await connection.service?.revoke(device) }
        try await chain.end(device, former.left)
    }

    private static func turn(_ files: PrivateFiles) async throws(StoreError) -> PrivateFiles.Hold {
        try await files.hold("chain.lock", patience: .seconds(30))
    }

    private static func tellJoined(_ name: String, _ device: DeviceID, _ output: Output) {
        guard output.form == .people else {
            return output.event("joined", [("device", .string(device.text)), ("name", .string(name))], people: nil)
        }
        output.prompt("This device is now in the chain as \"\(name)\" (\(device.text)).\n")
    }
}

extension ChainSession {
    /// The chain's store.
    var store: ToldStore { connection.store }
}

extension Output {
    /// Says from now on, when a person stops the program, what that means.
    /// - Parameter call: the kind of call that is stopped; nil when nothing is said any more.
    func onStop(_ call: ChainUsage.Call?) {
        guard let call else { return Signals.onStop(nil) }
        Signals.onStop { [self] in
            if form == .people { prompt("\n") }
            let error = ChainUsage.stopped(call)
            failed(error)
            TerminalMode.finish()
            Self.end(ExitCodes.code(for: error.name))
        }
    }
}
