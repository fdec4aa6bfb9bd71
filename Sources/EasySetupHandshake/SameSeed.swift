package import EasySetupSeed

extension Transcript {
    /// The tag with which a holder on this side shows a peer with the same seed that it has that seed
    /// (`Protocol/handshake.md`, "Same seed"). It is of this meeting and this side alone, so that a peer without the seed
    /// can't send a tag back that it was sent.
    package func sameSeedTag(of side: PairingSide, _ seed: SyncSeed) -> [UInt8] {
        seed.sameSeedTag(for: lv(side == .visitor ? Labels.visitor : Labels.offerer) + hash)
    }
}
