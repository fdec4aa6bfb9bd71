import EasySetupSeed

/// The labels of a chain: what is derived, sealed or signed for one use counts for no other (`Protocol/chain.md`,
/// "Labels").
package enum ChainLabel {
    /// Infos of derivations from the seed end with a collection's name.
    static let collection = "easysetup/chain/collection/"
    static let key = "easysetup/chain/key/"
    /// Infos of derivations from a device's secret.
    static let deviceSigning = "easysetup/chain/device/sign"
    static let deviceBox = "easysetup/chain/device/box"
    /// The first part of a record's associated data.
    static let record = "easysetup/chain record 1"
    /// The first parts of signed bytes.
    package static let snapshot = "easysetup/chain snapshot 1"
    package static let keyChange = "easysetup/chain key change 1"
    package static let earlierKeys = "easysetup/chain earlier keys 1"
    package static let certificate = "easysetup/chain certificate 1"
    package static let request = "easysetup/chain request 1"
    package static let grant = "easysetup/chain grant 1"
    package static let decline = "easysetup/chain decline 1"
    package static let leave = "easysetup/chain leave 1"

    /// The bytes that are signed for a use: the label of the use, then the content, each after its length.
    package static func signed(_ label: String, _ content: [UInt8]) -> [UInt8] {
        lv(Array(label.utf8)) + lv(content)
    }

    /// The bytes that are signed for a use in one record alone: the label of the use, the record's stamp, then the content.
    package static func signed(_ label: String, _ stamp: Stamp, _ content: [UInt8]) -> [UInt8] {
        lv(Array(label.utf8)) + lv(stamp.bytes) + lv(content)
    }
}
