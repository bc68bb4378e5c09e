/** The products and their stock: queries to two services, either of which may fail alone. */
import { useQuery } from '@tanstack/react-query';

import { getProducts, getStock } from '../api/products';

export const productsKey = ['products'] as const;

export const stockKey = ['stock'] as const;

export const useProducts = () =>
  useQuery({ queryKey: productsKey, queryFn: ({ signal }) => getProducts(signal) });

export const useStock = () =>
  useQuery({ queryKey: stockKey, queryFn: ({ signal }) => getStock(signal) });
