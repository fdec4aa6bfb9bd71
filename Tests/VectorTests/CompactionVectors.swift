import EasySetupChain
import Testing

/// A listing of a collection, and which of its objects a device with the seed deletes that has read nothing of it before, and
/// whose date is right.
struct CompactionVector: Decodable {
    struct Object: Decodable {
        let name: String
        let age: UInt64
        let is_deleted: Bool
    }
    let about: String
    let is_noted: Bool
    let objects: [Object]
}

func runCompactions(_ vectors: [CompactionVector], _ keys: KeyRing) {
    let now: UInt64 = 2_000_000_000_000
    #expect(Set(vectors.flatMap(\.objects).map(\.is_deleted)).count == 2)
    for vector in vectors {
        let entries = vector.objects.map { ObjectPage.Entry(name: $0.name, lastModified: now - $0.age) }
        var assembler = RecordAssembler(keys: keys)
        var search = StraySearch(keys: keys, keepsNewer: vector.is_noted)
        let records = assembler.add(entries)
        let strays = search.take(entries, records) + search.finish()
        let hasUnread = Unread(assembler).counts(at: now, vector.is_noted)
        let plan = Compaction.plan(
            Compaction.Listing(records: records, strays: strays, hasUnread: hasUnread),
            known: CollectionState(),
            now: Compaction.Now(store: now, device: now),
            minimum: .max
        )
        #expect(Set(plan.deletions) == Set(vector.objects.filter(\.is_deleted).map(\.name)), "\(vector.about)")
    }
}
