import EasySetupSeed

extension Chain {
    // MARK: Asking

    /// Asks, on a device without the seed, for a collection or for the right to write to it. A person at a device with the
    /// seed decides; ``newMembership()`` has the answer. Asking again takes the place of the earlier request.
    ///
    /// All devices without the seed can read what is asked.
    /// - Parameters:
    ///   - collection: the name of the collection.
    ///   - mayWrite: whether the device wants to write there.
    ///   - reason: a text for the person who decides, at most ``CollectionRequest/reasonBytes``.
    /// - Throws: ``ChainError/Code/notHeld`` on a device that has the seed; ``ChainError/Code/collectionName``;
    ///   ``ChainError/Code/reasonTooLong``; ``ChainError/Code/tooManyCollections``.
    public func request(_ collection: String, mayWrite: Bool, reason: String = "") async throws(ChainError) {
        guard case .membership(let membership) = holder else { throw .notHeld }
        let name = try CollectionName(collection)
        guard reason.utf8.count <= CollectionRequest.reasonBytes else {
            throw .reasonTooLong(limit: CollectionRequest.reasonBytes)
        }
        if let held = membership.collection(name), held.mayWrite || !mayWrite { return }
        try await refresh(.requests)
        let own = knownRequests.filter { $0.device == device }
        let before = own.first { $0.collection == name }
        if let before, !before.isDeclined, before.mayWrite == mayWrite, before.reason == reason { return }
        if before == nil { try checkRights(membership.certificate.rights.count + own.count + 1) }
        let bytes = CollectionRequest.bytes(
            name,
            mayWrite: mayWrite,
            reason: reason,
            time: max(storeTime ?? 1, (before?.time ?? 0) + 1),
            by: membership
        )
        try await write([(CollectionRequest.object(device, name), .put(["request": bytes]))], in: .requests)
    }

    /// The membership that a device with the seed has granted since, on a device without it; nil as long as there is none
    /// that is newer than this device's.
    ///
    /// The app stores it in place of the old one, makes a chain with it, and calls ``touch()`` on that, so that the others
    /// see the new certificate. The old certificate stays valid until its end.
    /// - Throws: ``ChainError/Code/notHeld`` on a device that has the seed; the errors of a membership that is wrong;
    ///   ``ChainError/Code/certificateEnded``; ``ChainError/Code/tooManyCollections`` for one with which the device would get
    ///   nothing from its service. It goes on with the membership that it has.
    public func newMembership() async throws(ChainError) -> Membership? {
        guard case .membership(let membership) = holder else { throw .notHeld }
        try await refresh(.requests)
        guard let grant = grant(to: device), membership.certificate.serial < grant.certificate.serial else {
            return nil
        }
        if let storeTime { try grant.certificate.checkTime(storeTime / 1_000) }
        try checkRights(grant.certificate.rights.count)
        return try grant.membership(after: membership)
    }

    // MARK: Answering

    /// The requests of devices without the seed. A device with the seed sees the open ones of all devices, one without it
    /// its own, the declined ones included. The oldest one is first.
    public func requests() async throws(ChainError) -> [CollectionRequest] {
        try await refresh(.requests)
        if case .membership(let membership) = holder {
            return knownRequests.filter { request in
                request.device == device
                    && !(membership.collection(request.collection).map { $0.mayWrite || !request.mayWrite } ?? false)
            }
        }
        try await refreshKeys(.devices)
        try await refresh(.collections)
        return openRequests
    }

    /// Declines a request, on a device with the seed. The device may ask again.
    /// - Throws: ``ChainError/Code/notHeld`` without the seed; ``ChainError/Code/objectMissing`` if the request is not open
    ///   any more, or has changed.
    public func decline(_ request: CollectionRequest) async throws(ChainError) {
        guard case .seed(let seed) = holder else { throw .notHeld }
        guard try await requests().contains(where: { $0.isSame(as: request) }) else { throw .objectMissing }
        let object = CollectionRequest.declineObject(request.device, request.collection)
        try await write([(object, .put(["decline": request.decline(seed)]))], in: .requests)
    }

    // MARK: What was read

    /// All requests that their devices have signed, the oldest one first.
    var knownRequests: [CollectionRequest] {
        guard let reader = reader(.requests) else { return [] }
        var ofDevice: [DeviceID: Int] = [:]
        var requests: [CollectionRequest] = []
        for (object, attributes) in reader.state.living {
            guard object.hasPrefix("request:"), let bytes = attributes["request"],
                var request = CollectionRequest(object: object, bytes, of: reader.keys.place.userID)
            else { continue }
            // A device can't get more, whatever it asks.
            ofDevice[request.device, default: 0] += 1
            guard ofDevice[request.device, default: 0] <= Certificate.rightLimit else { continue }
            let decline = reader.state.object(CollectionRequest.declineObject(request.device, request.collection))
            request.isDeclined = decline?["decline"].map { request.isDeclined(by: $0) } ?? false
            requests.append(request)
        }
        return requests.sorted { ($0.time, $0.device) < ($1.time, $1.device) }
    }

    /// The requests that wait for an answer, on a device with the seed.
    private var openRequests: [CollectionRequest] {
        guard case .seed(let seed) = holder else { return [] }
        let removed = removedDevices
        let names = Dictionary(knownDevices.map { ($0.id, $0.name) }, uniquingKeysWith: { one, _ in one })
        let noted = Dictionary(grouping: notedCertificates.map(\.certificate), by: \.device)
        let requests = knownRequests
        let asked = Dictionary(grouping: requests.map(\.certificate), by: \.device)
        return requests.compactMap { request in
            let known = noted[request.device, default: []] + asked[request.device, default: []]
            let certificates = certificates(of: request.device, known, seed)
            let mayWrite = certificates.rights[CollectionID(of: request.collection, seed: seed)]
            guard !request.isDeclined, !removed.contains(request.device), !certificates.isEmpty,
                !(mayWrite.map { $0 || !request.mayWrite } ?? false)
            else { return nil }
            var named = request
            named.deviceName = names[request.device] ?? ""
            return named
        }
    }

    /// The grant that is there for a device.
    func grant(to device: DeviceID) -> Grant? {
        guard let reader = reader(.requests), let bytes = reader.state.object(Grant.object(device))?["grant"],
            let grant = Grant(bytes, of: reader.keys.place.userID), grant.certificate.device == device
        else { return nil }
        return grant
    }

    /// The objects of this device among the requests that nobody needs any more: all, or those that are answered.
    func ownRequestObjects(answeredOnly: Bool) -> [String] {
        guard case .membership(let membership) = holder, let state = reader(.requests)?.state else { return [] }
        return state.living.map(\.object).filter { object in
            let parts = object.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count >= 2, parts[1] == device.text else { return false }
            guard answeredOnly else { return ["request", "decline", "grant"].contains(parts[0]) }
            switch parts[0] {
            case "request", "decline":
                guard parts.count == 3, let held = CollectionName(any: String(parts[2])).flatMap(membership.collection)
                else { return false }
                let asked = knownRequests.first { $0.device == device && $0.collection == held.name }
                return held.mayWrite || asked.map { !$0.mayWrite } ?? true
            case "grant":
                return grant(to: device).map { $0.certificate.serial <= membership.certificate.serial } ?? true
            default: return false
            }
        }
    }
}

extension CollectionRequest {
    /// Whether a request is this one, as it was shown.
    func isSame(as other: CollectionRequest) -> Bool {
        device == other.device && collection == other.collection && mayWrite == other.mayWrite && time == other.time
            && reason == other.reason
    }
}
