import MDXComponents from '@theme-original/MDXComponents';
import TabItem from '@theme/TabItem';
import Tabs from '@theme/Tabs';
import Fact from '@site/src/components/Fact';
import Film from '@site/src/components/Film';
import Filter from '@site/src/components/Filter';
import Figure from '@site/src/components/Figure';
import Gallery from '@site/src/components/Gallery';
import Install from '@site/src/components/Install';
import Recording from '@site/src/components/Recording';
import {HeadCell, Table} from '@site/src/components/Table';
import Template from '@site/src/components/Template';

/** What every page can use without an import. */
export default {...MDXComponents, Fact, Figure, Film, Filter, Gallery, Install, Recording, Tabs, TabItem, Template, table: Table, th: HeadCell};
