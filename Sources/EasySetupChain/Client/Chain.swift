public import EasySetupSeed

/// A device's part in its chain: it reads and writes the objects of collections, which the chain's other devices have too
/// (`Protocol/chain.md`).
///
/// All that is in the store is encrypted. The store, time and randomness are handed in. A chain object keeps nothing on
/// disk: it reads the collections that are used from the store.
public actor Chain {
    /// Where the keys of this device come from.
    enum Holder: Sendable {
        case seed(SyncSeed)
        case membership(Membership)
    }

    let holder: Holder
    /// This device.
    public nonisolated let device: DeviceID
    let store: any ObjectStore
    let clock: any ChainClock
    let entropy: ChainEntropy
    /// The knowledge that this run and earlier ones have of keys and removed devices.
    var memory: ChainMemory
    /// The generations that earlier runs knew.
    let remembered: [CollectionID: UInt32]
    /// Whether a person has said that the chain begins anew in a store that has nothing of it.
    var allowsEmptyStore = false
    /// Stores the memory.
    let keep: @Sendable (ChainMemory) async -> Void
    var storeClock = StoreClock()
    var readers: [CollectionName: CollectionReader] = [:]
    private var busy: Set<CollectionName> = []
    private var waiting: [CollectionName: [CheckedContinuation<Void, Never>]] = [:]
    var watchers: [CollectionName: [Int: AsyncThrowingStream<ObjectEvent, any Error>.Continuation]] = [:]
    var watcherCount = 0
    /// When the snapshots of each collection were whole, as compactions of this run have found them.
    var wholeSince: [CollectionName: [Snapshot.Group: UInt64]] = [:]
    /// The limits; a test sets lower ones.
    private(set) var limits = ChainLimits()
    /// The certificates whose signatures were checked, by their bytes.
    var certificates: [[UInt8]: Certificate] = [:]
    /// The certificates of the devices that have said that they leave, in any record that was read.
    var saidToLeave: [DeviceID: [Certificate]] = [:]
    /// The devices that have left, and that this object has shut out. The app tells the service that gives out rights of them: the
    /// device may have died before it did so itself.
    public internal(set) var departed: Set<DeviceID> = []
    /// The removed devices that were known when a collection was listed before a write.
    var heard: [CollectionName: Set<DeviceID>] = [:]

    /// Makes the chain of a device that has the seed.
    /// - Parameters:
    ///   - seed: the seed of the chain.
    ///   - device: the device's id, drawn when it joined with the seed, and the same in every run. A device that had a
    ///     membership before has been another one.
    ///   - store: the store in which the devices meet.
    ///   - memory: the memory of the device's earlier runs in this chain.
    ///   - keep: stores the memory where the next run finds it. It is called when the memory has changed, before the device
    ///     writes by what it has learnt.
    ///   - clock: the clock by which the store is asked again; a test moves one of its own.
    ///   - entropy: the source of random bytes.
    public init(
        seed: SyncSeed,
        device: DeviceID,
        store: any ObjectStore,
        memory: ChainMemory = ChainMemory(),
        keep: @escaping @Sendable (ChainMemory) async -> Void = { _ in },
        clock: any ChainClock = SystemChainClock(),
        entropy: ChainEntropy = .system
    ) {
        self.init(
            holder: .seed(seed),
            device: device,
            store: store,
            memory: memory,
            keep: keep,
            clock: clock,
            entropy: entropy
        )
    }

    /// Makes the chain of a device without the seed. The parameters are those of a device that has it.
    public init(
        membership: Membership,
        store: any ObjectStore,
        memory: ChainMemory = ChainMemory(),
        keep: @escaping @Sendable (ChainMemory) async -> Void = { _ in },
        clock: any ChainClock = SystemChainClock(),
        entropy: ChainEntropy = .system
    ) {
        self.init(
            holder: .membership(membership),
            device: membership.device,
            store: store,
            memory: memory,
            keep: keep,
            clock: clock,
            entropy: entropy
        )
    }

    private init(
        holder: Holder,
        device: DeviceID,
        store: any ObjectStore,
        memory: ChainMemory,
        keep: @escaping @Sendable (ChainMemory) async -> Void,
        clock: any ChainClock,
        entropy: ChainEntropy
    ) {
        self.holder = holder
        self.device = device
        self.store = store
        self.memory = memory
        remembered = memory.generations
        self.keep = keep
        self.clock = clock
        self.entropy = entropy
    }

    /// Lets a collection have another number of objects in memory.
    func allow(_ objects: Int, in name: CollectionName) {
        guard reader(name) != nil else { return }
        readers[name]?.objectLimit = objects
    }

    /// The collections of which something was read.
    var readCollections: [CollectionName] { readers.keys.sorted { $0.text < $1.text } }

    /// Forgets all that was read.
    package func forgetAll() {
        readers = [:]
        heard = [:]
        wholeSince = [:]
        certificates = [:]
        saidToLeave = [:]
    }

    /// Sets other limits, for collections that are not read yet.
    package func limit(_ limits: ChainLimits) { self.limits = limits }

    // MARK: The collections' turns

    /// Waits until no other call uses the collection. Each use ends with ``leave(_:)``.
    func enter(_ name: CollectionName) async {
        if busy.insert(name).inserted { return }
        await withCheckedContinuation { waiting[name, default: []].append($0) }
    }

    func leave(_ name: CollectionName) {
        if waiting[name]?.isEmpty ?? true {
            busy.remove(name)
        } else {
            waiting[name]?.removeFirst().resume()
        }
    }

    // MARK: The store

    /// The reader of a collection; nil on a device that has no key of it.
    package func reader(_ name: CollectionName) -> CollectionReader? {
        if let reader = readers[name] { return reader }
        let keys: KeyRing? =
            switch holder {
            case .seed(let seed):
                KeyRing(name: name, seed: seed, current: remembered[CollectionID(of: name, seed: seed)] ?? 1)
            case .membership(let membership): KeyRing(name: name, membership: membership)
            }
        guard var keys else { return nil }
        if let generation = remembered[keys.place.collection] { keys.learn(announced: generation) }
        var collectsLeaves = false
        if case .seed = holder { collectsLeaves = name == .devices }
        let reader = CollectionReader(
            keys: keys,
            device: device,
            objectLimit: limits.objects,
            collectsLeaves: collectsLeaves
        )
        readers[name] = reader
        return reader
    }
}
