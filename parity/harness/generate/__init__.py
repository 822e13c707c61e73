"""Where cases come from: drawn, scripted or cut from a market. It runs none of them."""
