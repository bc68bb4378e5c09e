# The five services of the shop, by their names among the settings.
[
  "frontend"
  "gateway"
  "product"
  "inventory"
  "order"
]
