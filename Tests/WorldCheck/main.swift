// What only several ranks can show: the collectives, that loss and gradients are the same for any number of ranks and any
// micro-batch, in canonical order to the last bit, that what ranks share of optimizer and model, and when a block is updated,
// changes memory and nothing else, and what a step and the order of samples ask the system for.
//
//     mpirun -n 4 --oversubscribe .build/release/WorldCheck
//
// Every rank computes the whole batch alone as well, and compares. Prints a line a check and counts them at the end.
import Collectives
import Foundation

try World.run { world in
  var checks = Checks(world)
  try CollectiveChecks(world).run(&checks)
  try InvarianceChecks(world).run(&checks)
  try ContrastChecks(world).run(&checks)
  try CanonicalChecks(world).run(&checks)
  try ShardingChecks(world).run(&checks)
  try MemoryChecks(world).run(&checks)
  try SharedModelChecks(world).run(&checks)
  try SharedMemoryChecks(world).run(&checks)
  try UnitUpdateChecks(world).run(&checks)
  try AllocationChecks(world).run(&checks)
  try OrderChecks(world).run(&checks)
  try checks.finish()
} onError: { error, world in
  FileHandle.standardError.write(Data("WorldCheck: rank \(world.rank): \(error)\n".utf8))
  return 1
}
