# The environment of the back ends that are written in Go: a garbage collector that runs when the heap
# has grown by a third, not when it has doubled. At the load of one host they idle, and it halves what
# they hold beside their code. A tenth is no gain: with ten users it takes 3 MiB of 44 from Prometheus
# and nearly doubles its processor time.
#
# No GOMEMLIMIT: what was read stays in caches, 256 MiB of Badger's blocks and 100 MiB of Loki's chunks.
# Below the size of these the collector would run without end once they are full.
{
  GOGC = "30";
}
