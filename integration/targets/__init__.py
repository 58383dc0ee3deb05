"""One thin client per system: what it can be asked for, in its own words, and nothing about why.

http.py        calls, refusals, quiet times, hops      write.py       writes that take effect once
token.py       sign-in                                 erp.py wms.py storefront.py crm.py
"""
